package chaos

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Process is one program that can be killed, paused and started again with the
// same arguments. It dies with the test, and it is ended by its own pid only.
type Process struct {
	Name string
	// Log is the file that its output is appended to, over all its lives.
	Log string

	path  string
	args  []string
	env   []string
	ready func(p *Process) error

	mu     sync.Mutex
	cmd    *exec.Cmd
	exited chan struct{}
	first  chan string
	ended  bool
}

// errEnded says that the stack was stopped meanwhile.
var errEnded = errors.New("chaos: the stack was stopped")

// Start starts the program and returns when it is ready.
func (p *Process) Start() error {
	if err := p.launch(); err != nil {
		return fmt.Errorf("start %s: %w", p.Name, err)
	}
	if err := p.ready(p); err != nil {
		return fmt.Errorf("%s is not ready (log: %s): %w", p.Name, p.Log, err)
	}
	return nil
}

func (p *Process) launch() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended {
		return errEnded
	}

	log, err := os.OpenFile(p.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}

	cmd := exec.Command(p.path, p.args...)
	cmd.Env = append([]string{"HOME=" + os.Getenv("HOME"), "PATH=" + os.Getenv("PATH")}, p.env...)
	cmd.Dir = filepath.Dir(p.Log)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	cmd.Stderr = log

	out, err := cmd.StdoutPipe()
	if err != nil {
		return errors.Join(err, log.Close())
	}
	if err := startOnOwnThread(cmd); err != nil {
		return errors.Join(err, log.Close())
	}

	p.cmd = cmd
	p.exited = make(chan struct{})
	p.first = make(chan string, 1)
	go copyOutput(out, log, p.first, cmd, p.exited)
	return nil
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

// copyOutput keeps what the program says, hands on its first line, and reaps
// it when it has ended.
func copyOutput(
	out io.Reader, log *os.File, first chan<- string, cmd *exec.Cmd, exited chan<- struct{},
) {
	r := bufio.NewReader(out)
	line, _ := r.ReadString('\n')
	_, _ = log.WriteString(line)
	first <- strings.TrimSpace(line)
	_, _ = io.Copy(log, r)
	_ = cmd.Wait()
	_ = log.Close()
	close(exited)
}

// Kill ends the program at once, as a power cut would, and waits until it is
// gone. A program that does not run stays as it is.
func (p *Process) Kill() { p.end(syscall.SIGKILL, 0) }

// Stop asks the program to end, and kills it when it does not within patience.
func (p *Process) Stop(patience time.Duration) {
	p.mu.Lock()
	p.ended = true
	p.mu.Unlock()
	p.end(syscall.SIGTERM, patience)
}

func (p *Process) end(signal syscall.Signal, patience time.Duration) {
	p.mu.Lock()
	cmd, exited := p.cmd, p.exited
	p.mu.Unlock()
	if cmd == nil {
		return
	}

	_ = cmd.Process.Signal(syscall.SIGCONT)
	_ = cmd.Process.Signal(signal)
	if patience > 0 {
		select {
		case <-exited:
			return
		case <-time.After(patience):
			_ = cmd.Process.Kill()
		}
	}

	<-exited
}

// Pause stops the program from running until Continue, as a machine does that
// is short of memory or being moved.
func (p *Process) Pause() { p.signal(syscall.SIGSTOP) }

// Continue lets a paused program run on.
func (p *Process) Continue() { p.signal(syscall.SIGCONT) }

func (p *Process) signal(s syscall.Signal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd != nil {
		_ = p.cmd.Process.Signal(s)
	}
}

// Running reports whether the program runs.
func (p *Process) Running() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd == nil {
		return false
	}

	select {
	case <-p.exited:
		return false
	default:
		return true
	}
}

// saysReady waits for the first line of output, which must hold the text.
func saysReady(text string) func(*Process) error {
	return func(p *Process) error {
		select {
		case line := <-p.first:
			if strings.Contains(line, text) {
				return nil
			}
			return fmt.Errorf("it said %q", line)
		case <-time.After(startPatience):
			return errors.New("it said nothing")
		}
	}
}

// await asks until the answer is nil, the program has ended or the patience is
// over.
func (p *Process) await(ask func() error) error {
	deadline := time.After(startPatience)
	for {
		err := ask()
		if err == nil {
			return nil
		}

		select {
		case <-p.exited:
			return errors.Join(errors.New("it ended"), err)
		case <-deadline:
			return err
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// startPatience is how long a part may take to start; generous, because the
// machine is busy and a killed database recovers first.
const startPatience = 90 * time.Second
