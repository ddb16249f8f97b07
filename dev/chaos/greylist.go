package chaos

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// greylistWait is how long a recipient is refused after the first try of it.
const greylistWait = 2 * time.Second

// Greylist refuses for a while each recipient that it has not seen before, as a mail server does
// that would rather have a sender come twice than take what never tries again.
type Greylist struct {
	mu      sync.Mutex
	on      bool
	first   map[string]time.Time // when a recipient was first tried
	refused int                  // since it was switched on
}

// NewGreylist takes everybody until it is switched on.
func NewGreylist() *Greylist { return &Greylist{first: map[string]time.Time{}} }

// begin switches it on; whom it has seen before it knows.
func (g *Greylist) begin() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.on, g.refused = true, 0
}

// end switches it off and tells how many tries it has refused.
func (g *Greylist) end() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.on = false
	return g.refused
}

// refuses reports whether the recipient has to come again later.
func (g *Greylist) refuses(recipient string, now time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.on {
		return false
	}

	first, known := g.first[recipient]
	if !known {
		g.first[recipient] = now
	}
	if known && now.Sub(first) >= greylistWait {
		return false
	}
	g.refused++
	return true
}

// answer refuses a line of an SMTP conversation that names a recipient who has to come again
// later, and reports whether it did. As servers do, it says whom it refuses: no log and no row
// may repeat that.
func (g *Greylist) answer(line string, client io.Writer) bool {
	const command = "RCPT TO:"
	if g == nil || len(line) < len(command) || !strings.EqualFold(line[:len(command)], command) {
		return false
	}

	recipient, _, _ := strings.Cut(strings.TrimSpace(line[len(command):]), " ")
	if !g.refuses(strings.ToLower(recipient), time.Now()) {
		return false
	}
	_, _ = fmt.Fprintf(client,
		"450 4.2.0 %s: Recipient address rejected: Greylisted, try again later\r\n", recipient)
	return true
}

// greylist has the SMTP server greylist for some seconds. Without a mail in that time to somebody
// whom it does not know it has done nothing.
func (p *Plan) greylist(ctx context.Context, kind Kind, lasts time.Duration) {
	p.Stack.Greylist.begin()
	pause(ctx, lasts)
	if p.Stack.Greylist.end() > 0 {
		p.killed(kind)
	}
}
