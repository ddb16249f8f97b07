package console

import "roomcover.dev/roomcover/web"

const kitPath = Root + "/kit"

func kitRoutes() []route {
	return []route{{method: get, path: kitPath, access: operator, do: showKit}}
}

// kitPage has one of each part, for who builds a screen. It is not linked, and only there in
// development and tests; its texts are examples, in English alone.
type kitPage struct {
	Facets   []web.Facet
	Rows     []web.Row
	Badges   []web.Badge
	Facts    []web.Fact
	Steps    []web.Step
	Timeline []web.Moment
	Tiles    []web.Tile
	Empty    web.EmptyState
	Form     []web.Field
}

func showKit(v *visit) (answer, error) {
	p := kitPage{
		Facets: []web.Facet{
			v.choiceOf(kitPath, "kind", "Kind", []web.FacetOption{
				{Label: "Replacement", Count: "12"}, {Label: "Order", Count: "3"},
			}, []string{"replacement", "order"}),
			v.choiceOf(kitPath, "customer", "Customer", nil, nil),
		},
		Rows: []web.Row{
			{
				Link:   kitPath,
				Title:  "Decide: Rally Bar in Sala Pau-Brasil",
				Sub:    "Acme Ltda · no picture since yesterday, cable changed",
				Due:    web.Due{Text: "12 min late", Small: "Tue 14:03", Class: "late"},
				Badge:  web.Badge{Text: "Replacement", Color: "red"},
				Beside: "14:15 in São Paulo",
				Owner:  web.FaceOf("opr_1", "Marina Reis"),
			},
			{
				Link:   kitPath,
				Title:  "Approve: the promise moves to Thursday at 15:00",
				Sub:    "Nordwind GmbH · Tap IP, Raum Elbe · cover checked",
				Due:    web.Due{Text: "in 38 min", Small: "15:00", Class: "soon"},
				Badge:  web.Badge{Text: "Replacement", Color: "amber"},
				Beside: "18:15 in Berlin",
			},
		},
		Badges: []web.Badge{
			{Text: "Covered", Color: "green"},
			{Text: "Soon", Color: "amber"},
			{Text: "Late", Color: "red"},
			{Text: "Information", Color: "blue"},
			{Text: "Carrier", Color: "violet"},
			{Text: "Neutral"},
		},
		Facts: []web.Fact{
			{Term: "Device", Value: "1934LZ0C30", Mono: true},
			{Term: "Where", Value: "Sala Pau-Brasil, São Paulo", Link: kitPath},
		},
		Steps: []web.Step{
			{Label: "Asked", State: "done"},
			{Label: "Decide", State: "now"},
			{Label: "Ship"},
			{Label: "Arrive"},
			{Label: "Close"},
		},
		Timeline: []web.Moment{
			{Who: "Cover answered", What: "Select, next business day", When: "11:02", Ours: true},
			{
				Who:  "Ana Souza",
				What: "asked for a replacement in the portal",
				When: "11:02",
				Ours: false,
			},
		},
		Tiles: []web.Tile{
			{Label: "Late", Number: "3", Small: "2 wait for us", Link: kitPath, Class: "down"},
			{
				Label:  "Due today",
				Number: "17",
				Small:  "9 before the cut-offs",
				Link:   kitPath,
				Class:  "",
			},
		},
		Empty: web.EmptyState{
			Icon: "inbox", Title: "Nothing waits", Text: "What is new comes here by itself.",
			Link: kitPath, LinkText: "Show all",
		},
		Form: []web.Field{
			{Name: "label", Label: "Label", Help: "What uses it", Kind: "text", Required: true},
			{Name: "why", Label: "Reason", Kind: "area", Problem: "Say why."},
			{
				Name:    "role",
				Label:   "Role",
				Kind:    "choice",
				Choices: []web.Choice{{Value: "a", Label: "Agent", Chosen: true}},
			},
		},
	}
	return answer{page: "kit", title: "Kit", data: p}, nil
}
