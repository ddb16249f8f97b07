package console

import (
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/web"
)

const boardPath = replacementsPath + "/board"

// boardCards is how many cards a column of the board shows; the list shows the others.
const boardCards = 12

// boardPage is what is left to do, step by step.
type boardPage struct {
	Summary string
	Acts    []web.ListAct
	Columns []boardColumn
}

type boardColumn struct {
	Title, Count, Link string
	Cards              []boardCard
	More               string // how many more there are; empty: none
}

type boardCard struct {
	Link, Title, Sub, Customer, Next string
	Due                              web.Due
	State                            web.Badge
}

func showBoard(v *visit) (answer, error) {
	columns, err := v.replacements.DeskBoard(v.scope(), boardCards)
	if err != nil {
		return answer{}, err
	}

	var total int64
	p := boardPage{Acts: []web.ListAct{{
		Link:  replacementsPath,
		Label: v.say("console.board.list"),
		Icon:  "list",
	}}}
	if v.mayDo(rules.RequestRMA) {
		p.Acts = append(p.Acts, v.newReplacementAct())
	}
	for _, c := range columns {
		total += c.Total
		column := boardColumn{
			Title: v.language.Say("console.step." + string(c.Step)),
			Count: v.counted(c.Total, 1000),
			Link:  web.ListAddress(replacementsPath, "step", string(c.Step)),
		}
		for _, l := range c.Lines {
			column.Cards = append(column.Cards, v.boardCard(l))
		}
		if more := c.Total - int64(len(c.Lines)); more > 0 {
			column.More = v.language.Count("console.today.more", more)
		}
		p.Columns = append(p.Columns, column)
	}
	p.Summary = v.say("console.board.summary", "n", v.counted(total, 1000))
	return answer{page: "board", title: v.say("console.board.title"), data: p}, nil
}

// boardCard shows a replacement in a column: what it is, whose, and how late.
func (v *visit) boardCard(l replacement.DeskLine) boardCard {
	card := boardCard{
		Link:     replacementPath(l.Name()),
		Title:    v.pieces(l.RMA),
		Sub:      web.Joined(l.Name(), l.RoomName),
		Customer: web.Joined(l.AccountName, v.clockAt(l.SiteZone)),
		Next:     v.language.Say("console.step." + string(l.DeskStep()) + ".next"),
		State:    v.rmaState(l.RMA),
	}
	switch until := l.WaitsUntil(); {
	case v.daysLate(l.RMA) != "" && !l.RMAFacts.Outbound().Done():
		card.Due = web.Due{
			Text:  v.daysLate(l.RMA),
			Class: "late",
			Small: v.dayOf(l.FirstPromise.On),
		}
	case until != nil:
		card.Due = v.dueAt(*until, l.SiteZone)
	default:
		card.Due = v.pastAt(l.StateSince, l.SiteZone)
	}
	return card
}
