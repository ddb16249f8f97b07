package console

const keysPath = Root + "/keys"

func keyRoutes() []route {
	return []route{{method: get, path: keysPath, access: operator, do: showKeys}}
}

// keysPage says which keys do what. Everything that they do is done by mouse and touch as well.
type keysPage struct {
	Here, Go []keyHelp
}

// keyHelp is a key, or some that are pressed one after the other, with what it does.
type keyHelp struct {
	Keys []string
	Does string
}

func showKeys(v *visit) (answer, error) {
	p := keysPage{Here: []keyHelp{
		{[]string{"/"}, v.say("console.keys.search")},
		{[]string{"j"}, v.say("console.keys.down")},
		{[]string{"k"}, v.say("console.keys.up")},
		{[]string{"o"}, v.say("console.keys.open")},
		{[]string{"x"}, v.say("console.keys.choose")},
		{[]string{"e"}, v.say("console.keys.act")},
		{[]string{"Esc"}, v.say("console.keys.leave")},
		{[]string{"?"}, v.say("console.keys.help")},
	}}
	for _, g := range sections {
		for _, s := range g.items {
			if key := goKeys[s.path]; key != "" && (route{access: s.needs}).allows(v.who.Role) {
				p.Go = append(p.Go, keyHelp{[]string{"g", key}, v.say(s.label)})
			}
		}
	}
	return answer{page: "keys", title: v.say("console.keys.title"), data: p}, nil
}
