package bench

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// cpu is what this process has used so far, and the throw-away PostgreSQL
// server with it.
func (p *parts) cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano()+u.Stime.Nano()) + p.databaseCPU()
}

// databaseCPU is what the throw-away PostgreSQL server has used so far; 0 without one.
func (p *parts) databaseCPU() (sum time.Duration) {
	if p.postgres == nil {
		return 0
	}
	for _, pid := range childrenNamed(os.Getpid(), "postgres") {
		sum += cpuOf(pid, true)
		for _, backend := range childrenNamed(pid, "postgres") {
			sum += cpuOf(backend, false)
		}
	}
	return sum
}

// tick is the unit of CPU times in /proc: USER_HZ is 100 on every Linux.
const tick = 10 * time.Millisecond

// cpuOf is the CPU that a process has used; with what its ended children used
// when they are wanted.
func cpuOf(pid int, ended bool) time.Duration {
	fields := statOf(pid)
	if len(fields) < 15 {
		return 0
	}

	last := 13
	if ended {
		last = 15
	}

	sum := 0
	for _, f := range fields[11:last] { // utime, stime, cutime, cstime
		n, _ := strconv.Atoi(f)
		sum += n
	}

	return time.Duration(sum) * tick
}

// statOf are the fields of /proc/PID/stat after the name, which may hold blanks.
func statOf(pid int) []string {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, rest, _ := strings.Cut(string(text), ") ")
	return strings.Fields(rest)
}

// childrenNamed are the child processes of a name.
func childrenNamed(pid int, name string) []int {
	var out []int
	files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, file := range files {
		text, _ := os.ReadFile(file)
		for _, field := range strings.Fields(string(text)) {
			child, err := strconv.Atoi(field)
			comm, _ := os.ReadFile("/proc/" + field + "/comm")
			if err == nil && strings.TrimSpace(string(comm)) == name {
				out = append(out, child)
			}
		}
	}

	return out
}

// megabytes reads a figure of /proc/PID/status, such as VmRSS, in MB of 2^20
// bytes.
func megabytes(pid int, figure string) float64 {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	_, rest, _ := strings.Cut(string(text), "\n"+figure+":")
	kilobytes, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
	n, _ := strconv.ParseFloat(kilobytes, 64)
	return n / 1024
}

// loadAverage is the system's load over the last minute.
func loadAverage() float64 {
	text, _ := os.ReadFile("/proc/loadavg")
	first, _, _ := strings.Cut(string(text), " ")
	load, _ := strconv.ParseFloat(first, 64)
	return load
}
