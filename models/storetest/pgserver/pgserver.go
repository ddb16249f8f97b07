// Package pgserver starts throw-away PostgreSQL servers from the installed binaries and
// makes databases on them.
package pgserver

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"net/url"
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

	"roomcover.dev/roomcover/freeport"
)

// ErrMissing says that this machine has no PostgreSQL binaries.
var ErrMissing = errors.New("pgserver: no PostgreSQL binaries under /usr/lib/postgresql")

// Variable names the environment variable that hands the server of a whole run to each
// of its test binaries, as the superuser's address.
const Variable = "ROOMCOVER_TEST_POSTGRES"

// Process names the environment variable with the id of that server's process.
const Process = "ROOMCOVER_TEST_POSTGRES_PROCESS"

// Server is a throw-away PostgreSQL server on a loopback port, with the roles of a
// deployment: tests work as the service does.
type Server struct {
	host string // with its port
	port int    // 0 for a server that another process started
	dir  string
	cmd  *exec.Cmd
	cred *syscall.Credential
	bin  string

	strategy sync.Once
	copying  string // how a template is copied, in SQL

	keep      sync.Once
	kept      *sql.DB // to a server that another process started
	keepError error
}

// Start makes a new data directory and starts a server in it. Durability is off unless
// durable: tests that kill the server need it.
func Start(durable bool) (*Server, error) { return StartIn(folder(durable), durable) }

// StartIn is Start with the data directory in a folder; "": where temporary files go.
func StartIn(folder string, durable bool) (*Server, error) {
	bin, err := binaries()
	if err != nil {
		return nil, err
	}

	s := &Server{bin: bin}
	if s.cred, err = unprivileged(); err != nil {
		return nil, err
	}

	removeOrphans()
	if s.dir, err = os.MkdirTemp(folder, "roomcover-pg-"); err != nil {
		return nil, err
	}
	if err := s.begin(durable); err != nil {
		s.Stop()
		return nil, err
	}

	return s, nil
}

// inMemory is a file system in memory: making and removing a database there takes a
// tenth of the time, since it is several hundred small files.
const inMemory = "/dev/shm"

// Large names the environment variable that makes room for gigabytes of data: on a disk
// rather than in memory, with more of them in the server's own buffers.
const Large = "ROOMCOVER_TEST_POSTGRES_LARGE"

// folder returns where a server keeps its data: in memory when it may lose them and there
// is plenty of room, else where temporary files go.
func folder(durable bool) string {
	const plenty = 3 << 30
	var fs syscall.Statfs_t
	if durable || os.Getenv(Large) != "" {
		return ""
	}
	if syscall.Statfs(inMemory, &fs) != nil || fs.Bavail*uint64(fs.Bsize) < plenty {
		return ""
	}
	return inMemory
}

// removeOrphans frees the memory of servers whose owner was killed: it ended them, but
// nobody removed what they left.
func removeOrphans() {
	dirs, _ := filepath.Glob(filepath.Join(inMemory, "roomcover-pg-*"))
	for _, dir := range dirs {
		info, err := os.Stat(dir)
		if err != nil || time.Since(info.ModTime()) < time.Hour {
			continue
		}
		if _, err := os.Stat(filepath.Join(dir, "data", "postmaster.pid")); os.IsNotExist(err) {
			_ = os.RemoveAll(dir)
		}
	}
}

func (s *Server) begin(durable bool) (err error) {
	if s.cred != nil {
		if err := os.Chown(s.dir, int(s.cred.Uid), int(s.cred.Gid)); err != nil {
			return err
		}
	}

	err = s.run("initdb", "-D", s.data(), "-U", "postgres", "--auth=trust", "-E", "UTF8",
		"--no-locale", "--no-sync")
	if err != nil {
		return err
	}

	ports, err := freeport.Find("127.0.0.1", 1)
	if err != nil {
		return err
	}

	s.port = ports[0]
	s.host = net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port))
	if err := s.Start(durable); err != nil {
		return err
	}

	return s.admin("postgres", `CREATE ROLE roomcover LOGIN CREATEDB`)
}

// Shared returns the server that Variable names, and whether it names one. The server
// belongs to the process that started it: Stop leaves it alone.
func Shared() (*Server, bool, error) {
	address := os.Getenv(Variable)
	if address == "" {
		return nil, false, nil
	}

	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return nil, true, fmt.Errorf(
			"%s is no address of a server, such as postgres://postgres@127.0.0.1:5432/postgres",
			Variable,
		)
	}

	return &Server{host: u.Host}, true, nil
}

// Address is what Variable holds for other processes.
func (s *Server) Address() string { return s.address(superuser, "postgres") }

// Process is the id of the server's first process, the parent of all others; of a server that this
// process started.
func (s *Server) Process() int { return s.cmd.Process.Pid }

// DSN is the address of a database for the service's role.
func (s *Server) DSN(database string) string { return s.address(service, database) }

// The roles that tests connect as.
const (
	service   = "roomcover_service"
	owner     = "roomcover"
	superuser = "postgres"
)

// Owner is the address of the same database for the role that owns it, and migrates.
func Owner(dsn string) string { return as(owner, dsn) }

// Superuser is the address of the same database for the superuser.
func Superuser(dsn string) string { return as(superuser, dsn) }

func as(role, dsn string) string {
	_, rest, _ := strings.Cut(dsn, "@")
	return "postgres://" + role + "@" + rest
}

func (s *Server) address(role, database string) string {
	return fmt.Sprintf("postgres://%s@%s/%s?sslmode=disable", role, s.host, database)
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

// Start starts the server on its data directory, also after a Kill.
func (s *Server) Start(durable bool) error {
	args := []string{"-D", s.data(), "-p", strconv.Itoa(s.port), "-k", s.dir}
	for _, setting := range settings(durable) {
		args = append(args, "-c", setting)
	}

	cmd := exec.Command(filepath.Join(s.bin, "postgres"), args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Credential: s.cred,
		Pdeathsig:  syscall.SIGINT,
		Setpgid:    true,
	}

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

// settings suffice for the pools of several test binaries at once.
func settings(durable bool) []string {
	out := []string{
		"listen_addresses=127.0.0.1",
		"max_connections=500",
		"shared_buffers=64MB",
	}

	if durable {
		return out
	}

	if os.Getenv(Large) != "" {
		out = append(out, "shared_buffers=1GB")
	} else {
		out = append(out, "shared_buffers=128MB", "autovacuum=off")
	}

	return append(out,
		"fsync=off",
		"synchronous_commit=off",
		"full_page_writes=off",
		"wal_level=minimal",
		"max_wal_senders=0",
		"max_wal_size=512MB",
		"checkpoint_timeout=1h",
	)
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

// Set changes a setting of the running server, for this time and every later one.
func (s *Server) Set(name, value string) error {
	return errors.Join(
		s.admin("postgres", fmt.Sprintf("ALTER SYSTEM SET %s = '%s'", name, value)),
		s.admin("postgres", "SELECT pg_reload_conf()"),
	)
}

func (s *Server) await() error {
	deadline := time.Now().Add(time.Minute)
	for {
		err := s.admin("postgres", "SELECT 1")
		if err == nil {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%w; the server's log ends with: %s", err, s.lastWords())
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// lastWords is the end of the server's log.
func (s *Server) lastWords() string {
	text, _ := os.ReadFile(filepath.Join(s.dir, "log"))
	return string(text[max(0, len(text)-2000):])
}

// Kill ends the server and its children at once, as a power cut would.
func (s *Server) Kill() {
	_ = s.cmd.Process.Signal(syscall.SIGSTOP) // it starts no further child
	pids := children(s.cmd.Process.Pid)
	_ = s.cmd.Process.Kill()
	for _, pid := range pids {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	_ = s.cmd.Wait()
	awaitEnd(pids)
	_ = os.Remove(filepath.Join(s.data(), "postmaster.pid"))
}

// awaitEnd waits until the processes have ended: while one of them holds the shared memory, no
// other server starts on the same data.
func awaitEnd(pids []int) {
	deadline := time.Now().Add(time.Minute)
	for _, pid := range pids {
		for alive(pid) && time.Now().Before(deadline) {
			time.Sleep(5 * time.Millisecond)
		}
	}
}

// alive reports whether a process is there and is more than its exit code.
func alive(pid int) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, state, _ := strings.Cut(string(text), ") ") // behind the name, in parentheses
	return !strings.HasPrefix(state, "Z")
}

// Stop ends the server and removes its data. It leaves a shared server alone.
func (s *Server) Stop() {
	if s.cmd != nil {
		_ = s.cmd.Process.Signal(syscall.SIGINT)
		_ = s.cmd.Wait()
	}
	if s.dir != "" {
		_ = os.RemoveAll(s.dir)
	}
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

	return "", ErrMissing
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
