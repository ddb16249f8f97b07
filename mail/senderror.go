package mail

import (
	"context"
	"errors"
	"fmt"
	"net/textproto"
	"regexp"
)

// Kind says what a failed Send means for a second attempt.
type Kind int

const (
	// Temporary: nothing was accepted; sending again later is safe.
	Temporary Kind = iota
	// Permanent: the server refused the sender, the recipient or the message
	// for good, or the message is malformed (Code 0). Sending the same
	// message again is safe but pointless.
	Permanent
	// Unknown: the connection was lost, or time ran out, after the content
	// began to be sent. The mail may have been delivered; it must never be
	// sent again without a person's decision.
	Unknown
)

// String returns the kind in lower case, for logs and rows.
func (k Kind) String() string {
	switch k {
	case Temporary:
		return "temporary"
	case Permanent:
		return "permanent"
	case Unknown:
		return "unknown"
	}

	return fmt.Sprintf("kind(%d)", int(k))
}

// Step is the part of the SMTP conversation that failed.
type Step string

// The steps in their order.
const (
	StepCompose Step = "compose" // before any connection: the message itself is wrong
	StepConnect Step = "connect" // dialling, greeting, EHLO, TLS, authentication
	StepMail    Step = "mail"    // MAIL FROM: the sender
	StepRcpt    Step = "rcpt"    // RCPT TO: the recipient
	StepData    Step = "data"    // DATA, before any content was sent
	StepContent Step = "content" // sending the content
	StepEnd     Step = "end"     // the answer to the final dot
)

// SendError is the only error type that Sender.Send returns.
type SendError struct {
	// Kind says whether the mail may be sent again.
	Kind Kind
	// Code is the SMTP reply code, for example 550; 0 if the server did not
	// answer.
	Code int
	// Enhanced is the enhanced status code of RFC 3463, for example "5.1.1";
	// empty if the server sent none.
	Enhanced string
	// Step is where the conversation failed. A Permanent error at StepRcpt is
	// a hard bounce of the recipient (S17); at other steps the recipient's
	// address may well be right.
	Step Step

	err error
}

// Error names the kind, the step and the codes; never an address, a name or
// the server's own words, which often repeat the address.
func (e *SendError) Error() string {
	return fmt.Sprintf("mail: %s failure at %s: %v", e.Kind, e.Step, e.err)
}

// Unwrap returns the cause, whose text is free of addresses too.
func (e *SendError) Unwrap() error { return e.err }

// classify decides what err at a step means. The rule is: before the content,
// nothing can have been accepted; from the content on, only an answer of the
// server (4xx or 5xx to the final dot) proves that nothing was.
func classify(step Step, err error) *SendError {
	e := &SendError{Step: step, err: withoutAddresses(err)}
	var reply *textproto.Error
	if errors.As(err, &reply) {
		e.Code, e.Enhanced = reply.Code, enhancedCode(reply.Msg)
	}

	switch {
	case step == StepConnect:
		// A refused login or a server without TLS is our configuration's
		// fault, never the recipient's: keep trying until it is repaired.
		e.Kind = Temporary
	case e.Code >= 500 && e.Code < 600:
		e.Kind = Permanent
		if e.Code == 530 || e.Code == 535 || e.Code == 538 {
			e.Kind = Temporary // the server wants a login or TLS: configuration, as above
		}
	case e.Code >= 400 && e.Code < 500:
		e.Kind = Temporary
	case step == StepContent || step == StepEnd:
		e.Kind = Unknown
	}

	return e
}

// hungUp: the server was gone, or said that it is going (421), before any
// content was sent.
func (e *SendError) hungUp() bool {
	return e.Kind == Temporary && e.Step != StepEnd && (e.Code == 0 || e.Code == 421)
}

// refused is the error for a message that is not even tried.
func refused(reason string) *SendError {
	return &SendError{Kind: Permanent, Step: StepCompose, err: errors.New(reason)}
}

var (
	enhancedPattern = regexp.MustCompile(`^([245]\.\d{1,3}\.\d{1,3})(\s|$)`)
	addressPattern  = regexp.MustCompile(`\S+@\S+`)
)

func enhancedCode(msg string) string {
	if m := enhancedPattern.FindStringSubmatch(msg); m != nil {
		return m[1]
	}
	return ""
}

// withoutAddresses returns err itself if its text is known to be free of
// addresses, otherwise an error that says as much as can be said.
func withoutAddresses(err error) error {
	var reply *textproto.Error
	if errors.As(err, &reply) {
		if enhanced := enhancedCode(reply.Msg); enhanced != "" {
			return fmt.Errorf("server answered %d %s", reply.Code, enhanced)
		}
		return fmt.Errorf("server answered %d", reply.Code)
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}

	if text := err.Error(); addressPattern.MatchString(text) {
		return errors.New(addressPattern.ReplaceAllString(text, "<address>"))
	}
	return err
}
