package demo

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// say tells one step of the progress.
func (s *story) say(format string, args ...any) {
	fmt.Fprintf(s.Out, "   • "+format+"\n", args...)
}

// look tells on which page of the console an operator can follow what happens now.
func (s *story) look(page string) {
	fmt.Fprintf(s.Out, "     %s/console/%s\n", s.Portal, page)
}

// check counts a check that held; one that does not hold ends the story.
func (s *story) check(holds bool, format string, args ...any) error {
	if !holds {
		return fmt.Errorf("differs: "+format, args...)
	}
	s.checks++
	return nil
}

// errNotYet is what a look gives that has to be repeated.
var errNotYet = errors.New("not yet")

func notYet(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{errNotYet}, args...)...)
}

// await looks until what it waits for is there. Errors other than errNotYet end the
// story at once.
func (s *story) await(ctx context.Context, what string, look func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, s.Patience)
	defer cancel()
	for {
		err := look(ctx)
		if err == nil {
			s.checks++
			return nil
		}
		if !errors.Is(err, errNotYet) {
			return fmt.Errorf("while waiting for %s: %w", what, err)
		}

		select {
		case <-ctx.Done():
			return fmt.Errorf("%s did not come within %s: %w", what, s.Patience, err)
		case <-time.After(s.pause):
		}
	}
}

// list is a page of the API.
type list[T any] struct {
	Items []T `json:"items"`
}

func get[T any](ctx context.Context, api API, path string) (T, error) {
	var out T
	err := api.Call(ctx, "GET", path, nil, &out)
	return out, err
}

func post[T any](ctx context.Context, api API, path string, body any) (T, error) {
	var out T
	err := api.Call(ctx, "POST", path, body, &out)
	return out, err
}

// body is a JSON object.
type body map[string]any
