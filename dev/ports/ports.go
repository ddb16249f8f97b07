// Package ports checks, before anything starts, that the ports the program is
// about to listen on are free, and says in one error what to do about those
// that are not.
package ports

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"syscall"
)

// Port is one address the program wants to listen on.
type Port struct {
	// Host is the IP address to listen on, for example "127.0.0.1".
	Host string
	// Number is the TCP port; 0 means the port is not wanted and is skipped.
	Number int
	// Option is the command-line option that sets the port, for example
	// "--temporal-port".
	Option string
	// Purpose says what would listen there, for example "the Temporal server".
	Purpose string
}

// Address is host and port in the form net.Listen takes.
func (p Port) Address() string {
	return net.JoinHostPort(p.Host, strconv.Itoa(p.Number))
}

// Error is a port that cannot be had.
type Error struct {
	Port Port
	// Reason is what is wrong, for example "is taken by another program".
	Reason string
	// Remedy is what a person can do about it.
	Remedy string
}

func (e *Error) Error() string {
	return fmt.Sprintf("port %d for %s %s (option %s): %s",
		e.Port.Number, e.Port.Purpose, e.Reason, e.Port.Option, e.Remedy)
}

// Check returns nil when every port can be listened on at this moment, and
// otherwise one error that names all that cannot. The ports are free again
// when Check returns.
func Check(wanted ...Port) error {
	var problems []error
	seen := map[int]Port{}
	for _, p := range wanted {
		if p.Number == 0 {
			continue
		}
		if other, twice := seen[p.Number]; twice {
			problems = append(problems, givenTwice(p, other))
			continue
		}

		seen[p.Number] = p
		if err := try(p); err != nil {
			problems = append(problems, err)
		}
	}

	return errors.Join(problems...)
}

func try(p Port) error {
	if p.Number < 0 || p.Number > 65535 {
		return &Error{Port: p, Reason: "does not exist", Remedy: "choose a number from 1 to 65535"}
	}

	l, err := net.Listen("tcp", p.Address())
	if err != nil {
		return explain(p, err)
	}

	return l.Close()
}

func explain(p Port, err error) error {
	another := fmt.Sprintf("choose another with %s", p.Option)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return &Error{
			Port:   p,
			Reason: "is taken by another program",
			Remedy: "stop that program, or " + another,
		}
	case errors.Is(err, syscall.EACCES):
		return &Error{
			Port:   p,
			Reason: "may not be used by this user",
			Remedy: another + ", 1024 or above",
		}
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return &Error{
			Port:   p,
			Reason: "cannot be opened, because " + p.Host + " is not an address of this machine",
			Remedy: "choose another host",
		}
	default:
		return &Error{Port: p, Reason: "cannot be opened: " + lastPart(err), Remedy: another}
	}
}

func givenTwice(p, other Port) error {
	return &Error{
		Port:   p,
		Reason: fmt.Sprintf("is also wanted for %s (option %s)", other.Purpose, other.Option),
		Remedy: "give the two options different numbers",
	}
}

func lastPart(err error) string {
	parts := strings.Split(err.Error(), ": ")
	return parts[len(parts)-1]
}
