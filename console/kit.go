package console

const kitPath = Root + "/kit"

func kitRoutes() []route {
	return []route{{method: get, path: kitPath, access: operator, do: showKit}}
}

// kitPage has one of each part, for who builds a screen. It is not linked, and only there in
// development and tests; its texts are examples, in English alone.
type kitPage struct {
	Facets   []facet
	Rows     []row
	Badges   []badge
	Facts    []fact
	Steps    []step
	Timeline []moment
	Tiles    []tile
	Empty    emptyState
	Form     []field
}

func showKit(v *visit) (answer, error) {
	p := kitPage{
		Facets: []facet{
			v.choiceOf(kitPath, "kind", "Kind", []facetOption{
				{Label: "Replacement", Count: "12"}, {Label: "Order", Count: "3"},
			}, []string{"replacement", "order"}),
			v.choiceOf(kitPath, "customer", "Customer", nil, nil),
		},
		Rows: []row{
			{
				Link:   kitPath,
				Title:  "Decide: Rally Bar in Sala Pau-Brasil",
				Sub:    "Acme Ltda · no picture since yesterday, cable changed",
				Due:    due{Text: "12 min late", Small: "Tue 14:03", Class: "late"},
				Badge:  badge{"Replacement", "red"},
				Beside: "14:15 in São Paulo",
				Owner:  faceOf("opr_1", "Marina Reis"),
			},
			{
				Link:   kitPath,
				Title:  "Approve: the promise moves to Thursday at 15:00",
				Sub:    "Nordwind GmbH · Tap IP, Raum Elbe · cover checked",
				Due:    due{Text: "in 38 min", Small: "15:00", Class: "soon"},
				Badge:  badge{"Replacement", "amber"},
				Beside: "18:15 in Berlin",
			},
		},
		Badges: []badge{
			{"Covered", "green"}, {"Soon", "amber"}, {"Late", "red"}, {"Information", "blue"},
			{"Carrier", "violet"}, {"Neutral", ""},
		},
		Facts: []fact{
			{Term: "Device", Value: "1934LZ0C30", Mono: true},
			{Term: "Where", Value: "Sala Pau-Brasil, São Paulo", Link: kitPath},
		},
		Steps: []step{
			{"Asked", "done"}, {"Decide", "now"}, {"Ship", ""}, {"Arrive", ""}, {"Close", ""},
		},
		Timeline: []moment{
			{"Cover answered", "Select, next business day", "11:02", true},
			{"Ana Souza", "asked for a replacement in the portal", "11:02", false},
		},
		Tiles: []tile{
			{"Late", "3", "2 wait for us", kitPath, "down"},
			{"Due today", "17", "9 before the cut-offs", kitPath, ""},
		},
		Empty: emptyState{
			Icon: "inbox", Title: "Nothing waits", Text: "What is new comes here by itself.",
			Link: kitPath, LinkText: "Show all",
		},
		Form: []field{
			{Name: "label", Label: "Label", Help: "What uses it", Kind: "text", Required: true},
			{Name: "why", Label: "Reason", Kind: "area", Problem: "Say why."},
			{Name: "role", Label: "Role", Kind: "choice", Choices: []choice{{"a", "Agent", true}}},
		},
	}
	return answer{page: "kit", title: "Kit", data: p}, nil
}
