package demo

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
)

// down is an API that answers nothing.
type down struct{}

var errDown = errors.New("the API cannot be reached")

func (down) Call(context.Context, string, string, any, any) error { return errDown }

func TestTheStoryEndsAtTheChapterThatFails(t *testing.T) {
	var out bytes.Buffer
	err := Run(t.Context(), Options{As: func(string) API { return down{} }, Name: "TEST", Out: &out})
	require.ErrorIs(t, err, errDown)
	require.ErrorContains(t, err, `chapter 1, "A reseller orders fifty licenses"`)
	require.Equal(t, "\n1 of 11  A reseller orders fifty licenses\n", out.String(), "nothing is said to hold")
}

func TestEachRunHasItsOwnCustomer(t *testing.T) {
	one, err := newStory(Options{Name: "AAA", As: func(string) API { return down{} }})
	require.NoError(t, err)
	other, err := newStory(Options{Name: "BBB", As: func(string) API { return down{} }})
	require.NoError(t, err)
	require.NotEqual(t, one.company(), other.company())
	require.NotEqual(t, one.email(), other.email())
	require.NotEqual(t, one.serial("F", 1), other.serial("F", 1))
}

// The story ends with where to look and how to sign in.
func TestTheStoryEndsWithWhereToLook(t *testing.T) {
	var out bytes.Buffer
	s, err := newStory(Options{
		Name: "AAA", Out: &out, Portal: "http://localhost:8080", Mails: "http://127.0.0.1:8025",
		As: func(string) API { return down{} },
	})
	require.NoError(t, err)
	s.showWhereToLook()
	for _, want := range []string{
		"http://localhost:8080/sign-in", s.email(), s.password(), "http://127.0.0.1:8025/?to=it%40demo-aaa.example",
		"PO-DEMO-AAA-1, under http://localhost:8080/service-orders",
		"http://localhost:8080/console/processes",
		"http://localhost:8080/rooms?health=down",
	} {
		require.Contains(t, out.String(), want)
	}
}
