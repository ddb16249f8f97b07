package main

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"strings"

	"roomcover.dev/roomcover/api"
)

const mailboxItemsPath = "/v1/mailbox-items"

// mailboxCommand is about what people wrote to the mailbox. It is decided in the console.
type mailboxCommand struct {
	List mailboxListCommand `cmd:"" help:"List what came into the mailbox."`
	Show mailboxShowCommand `cmd:"" help:"Show an item with its text and what can be done."`
}

func (a *app) mailboxTable(w io.Writer, list []api.MailboxItemView) {
	if len(list) == 0 {
		fmt.Fprintln(w, "Nothing.")
		return
	}

	t := a.table(w, "asks for", "state", "from", "verdict", "came (UTC)", "id")
	for _, i := range list {
		t.AppendRow([]any{
			inWords(string(i.Kind)), strings.ToLower(string(i.State)), i.Sender,
			strings.ToLower(string(i.Verdict)), i.CreatedAt.UTC().Format("2006-01-02 15:04"), i.ID,
		})
	}

	t.Render()
}

// inWords writes a code as words.
func inWords(code string) string { return strings.ToLower(strings.ReplaceAll(code, "_", " ")) }

type mailboxListCommand struct {
	output
	apiOptions
	State string `enum:",open,filed,done,spam" default:"open" help:"Only items in this state; empty: all."`
	Limit int    `default:"50" help:"At most so many, the newest first; 0 for all."`
}

// Help is shown by --help.
func (mailboxListCommand) Help() string {
	return `Example:
  roomcover mailbox list --state done`
}

// Run lists.
func (c mailboxListCommand) Run(ctx context.Context, a *app) error {
	client, err := c.client()
	if err != nil {
		return err
	}

	list, err := every[api.MailboxItemView](ctx, client, mailboxItemsPath,
		filters(map[string]string{"state": strings.ToUpper(c.State)}), c.Limit)
	if err != nil {
		return err
	}
	return c.show(a, list, func(w io.Writer) { a.mailboxTable(w, list) })
}

type mailboxShowCommand struct {
	output
	apiOptions
	Item string `arg:"" name:"item" help:"The item's id, such as inb_01kb…"`
}

// Help is shown by --help.
func (mailboxShowCommand) Help() string {
	return `Example:
  roomcover mailbox show inb_01kb9m4t6s8v0x2z4a6c8e0g2j`
}

// Run shows.
func (c mailboxShowCommand) Run(ctx context.Context, a *app) error {
	client, err := c.client()
	if err != nil {
		return err
	}

	var i api.MailboxItemDetail
	path := mailboxItemsPath + "/" + url.PathEscape(c.Item)
	if err := client.read(ctx, path, &i); err != nil {
		return err
	}
	return c.show(a, i, func(w io.Writer) {
		a.mailboxTable(w, []api.MailboxItemView{i.MailboxItemView})
		fmt.Fprintln(w)
		fmt.Fprintln(w, printable(i.Text))

		t := a.table(w, "command", "about", "goes to", "refused")
		for _, o := range i.Commands {
			t.AppendRow([]any{string(o.Command), o.About, o.To, inWords(string(o.Refused))})
		}
		t.Render()
	})
}

// printable leaves out what would steer a terminal: the text is a stranger's.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' || r >= 0x7f && r < 0xa0 {
			return -1
		}
		return r
	}, text)
}
