package storetest

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver of the admin connection
)

// ErrNoPostgres says that this machine has no PostgreSQL binaries.
var ErrNoPostgres = errors.New("storetest: no PostgreSQL binaries under /usr/lib/postgresql")

// Server is a throw-away PostgreSQL server on a loopback port. The role that
// tests connect as owns its databases but is no superuser, so that row-level
// security holds.
type Server struct {
	Port int
	dir  string
	cmd  *exec.Cmd
	cred *syscall.Credential
	bin  string
	n    int
	mu   sync.Mutex
}

// StartServer makes a new data directory and starts a server in it. Durability
// is off unless durable: tests that kill the server need it.
func StartServer(durable bool) (*Server, error) {
	bin, err := binaries()
	if err != nil {
		return nil, err
	}
	s := &Server{bin: bin}
	if s.cred, err = unprivileged(); err != nil {
		return nil, err
	}
	if s.dir, err = os.MkdirTemp("", "roomcover-pg-"); err != nil {
		return nil, err
	}
	if s.cred != nil {
		if err := os.Chown(s.dir, int(s.cred.Uid), int(s.cred.Gid)); err != nil {
			return nil, err
		}
	}
	if err := s.run("initdb", "-D", s.data(), "-U", "postgres", "--auth=trust", "-E", "UTF8", "--no-locale", "--no-sync"); err != nil {
		return nil, err
	}
	if s.Port, err = freePort(); err != nil {
		return nil, err
	}
	if err := s.Start(durable); err != nil {
		return nil, err
	}
	return s, s.admin("postgres", `CREATE ROLE roomcover LOGIN CREATEDB`)
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

// Start starts the server on its data directory, also after a Kill.
func (s *Server) Start(durable bool) error {
	args := []string{"-D", s.data(), "-p", strconv.Itoa(s.Port), "-k", s.dir, "-c", "listen_addresses=127.0.0.1", "-c", "max_connections=200", "-c", "shared_buffers=64MB"}
	if !durable {
		args = append(args, "-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off")
	}
	cmd := exec.Command(filepath.Join(s.bin, "postgres"), args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.cred, Pdeathsig: syscall.SIGINT, Setpgid: true}
	log, err := os.OpenFile(filepath.Join(s.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd.Stdout, cmd.Stderr = log, log
	if err := startOnOwnThread(cmd); err != nil {
		return err
	}
	s.cmd = cmd
	return s.await()
}

// startOnOwnThread keeps the thread that forked alive: the death signal of the
// child follows the thread, not the process.
func startOnOwnThread(cmd *exec.Cmd) error {
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		started <- cmd.Start()
		select {}
	}()
	return <-started
}

func (s *Server) await() error {
	deadline := time.Now().Add(time.Minute)
	for {
		err := s.admin("postgres", "SELECT 1")
		if err == nil || time.Now().After(deadline) {
			return err
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// Kill ends the server and its children at once, as a power cut would.
func (s *Server) Kill() {
	pids := children(s.cmd.Process.Pid)
	_ = s.cmd.Process.Kill()
	for _, pid := range pids {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	_ = s.cmd.Wait()
	_ = os.Remove(filepath.Join(s.data(), "postmaster.pid"))
}

// Stop ends the server and removes its data.
func (s *Server) Stop() {
	_ = s.cmd.Process.Signal(syscall.SIGINT)
	_ = s.cmd.Wait()
	_ = os.RemoveAll(s.dir)
}

// Database makes a database, as a copy of template when one is given, and
// returns its address.
func (s *Server) Database(template string) (name, dsn string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.n++
	name = fmt.Sprintf("test_%d_%d", os.Getpid(), s.n)
	query := "CREATE DATABASE " + name + " OWNER roomcover"
	if template != "" {
		query += " TEMPLATE " + template
	}
	return name, s.DSN(name), s.admin("postgres", query)
}

// DSN is the address of a database for the unprivileged role.
func (s *Server) DSN(database string) string {
	return fmt.Sprintf("postgres://roomcover@127.0.0.1:%d/%s?sslmode=disable", s.Port, database)
}

// Drop removes a database.
func (s *Server) Drop(name string) error {
	return s.admin("postgres", "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)")
}

func (s *Server) admin(database, query string) error {
	db, err := sql.Open("pgx", fmt.Sprintf("postgres://postgres@127.0.0.1:%d/%s?sslmode=disable", s.Port, database))
	if err != nil {
		return err
	}
	defer db.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	_, err = db.ExecContext(ctx, query)
	return err
}

func (s *Server) run(name string, args ...string) error {
	cmd := exec.Command(filepath.Join(s.bin, name), args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.cred}
	cmd.Dir = s.dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", name, err, bytes.TrimSpace(out))
	}
	return nil
}

func binaries() (string, error) {
	dirs, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	slices.Sort(dirs)
	for _, dir := range slices.Backward(dirs) {
		if _, err := os.Stat(filepath.Join(dir, "initdb")); err == nil {
			return dir, nil
		}
	}
	return "", ErrNoPostgres
}

// unprivileged is who runs the server: PostgreSQL refuses to run as root.
func unprivileged() (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		if u, err = user.Lookup("nobody"); err != nil {
			return nil, err
		}
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

func children(pid int) []int {
	var out []int
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, file := range tasks {
		text, _ := os.ReadFile(file)
		for _, field := range strings.Fields(string(text)) {
			if child, err := strconv.Atoi(field); err == nil {
				out = append(out, child)
			}
		}
	}
	return out
}
