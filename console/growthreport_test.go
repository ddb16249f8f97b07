//go:build long

package console

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// reportWork says what each kind of work took among each number of orders, and all pages together.
func reportWork(t *testing.T, all []*growth) {
	t.Helper()
	head := fmt.Sprintf("%-40s", "processors' time, database + process")
	size := fmt.Sprintf("%-40s", "octets of the database an order")
	for _, g := range all {
		head += fmt.Sprintf("  %22d", g.orders)
		size += fmt.Sprintf("  %22d", g.octets/int64(g.orders))
	}
	t.Log(head + "   ratio")
	for _, kind := range all[0].work {
		t.Log(costLine(kind, all, func(g *growth) used { return g.cost[kind] }))
	}
	t.Log(costLine("a page, of all that are asked for", all, (*growth).page))
	t.Log(size)
}

// page is what one of the pages takes, all of them together.
func (g *growth) page() (sum used) {
	for _, page := range g.pages {
		sum.database += g.cost[page].database
		sum.process += g.cost[page].process
	}
	sum.database /= time.Duration(len(g.pages))
	sum.process /= time.Duration(len(g.pages))
	return sum
}

// costLine is what a kind of work took among each number of orders, and how much more it took among
// the most than among the fewest.
func costLine(kind string, all []*growth, of func(*growth) used) string {
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	line := fmt.Sprintf("%-40s", kind)
	for _, g := range all {
		u := of(g)
		line += fmt.Sprintf("  %6.2f + %6.2f = %6.2f", ms(u.database), ms(u.process), ms(u.sum()))
	}
	ratio := float64(of(all[len(all)-1]).sum()) / float64(of(all[0]).sum())
	verdict := "ok"
	if ratio > mostGrowth {
		verdict = "OVER"
	}
	return line + fmt.Sprintf("   %5.2f  %s", ratio, verdict)
}

// reportPages names the pages that are slow or that cost more the more there is. What is asked for
// depends on how many orders there are, and stands at the same place of each list.
func reportPages(t *testing.T, all []*growth) {
	t.Helper()
	last, slow := all[len(all)-1], 0
	for i, page := range last.pages {
		if waits := last.waits[page]; waits.At(99) > mostWait {
			slow++
			t.Log(waits.Line(shortRead(page), mostWait))
		}
		line := costLine(shortRead(page), all, func(g *growth) used { return g.cost[g.pages[i]] })
		if strings.HasSuffix(line, "OVER") {
			t.Log(line)
		}
	}
	t.Logf("%d of %d pages take longer than %s (p99)", slow, len(last.pages), mostWait)
}
