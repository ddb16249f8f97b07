package portal

import (
	"roomcover.dev/roomcover/models/sso"
	"roomcover.dev/roomcover/rules"
)

// A company's own sign-in as the only way in, and the other way for when it does not work (S49).

// glassView is an administrator who comes in by password and second factor in an emergency.
type glassView struct {
	ID, Name, Says string
	Self           bool
}

func (v *visit) glassViews(zone string) (out []glassView, err error) {
	glass, err := v.sso.BreakGlassOf(v.acting(), v.who.account().ID)
	for _, b := range glass {
		view := glassView{
			ID:   b.UserID,
			Name: b.Name,
			Says: v.say("ownsignin.glass.proved", "when", v.moment(b.ProvedAt, zone)),
			Self: b.UserID == v.who.user.ID,
		}
		if b.UsedAt != nil {
			view.Says += " " + v.say("ownsignin.glass.used", "when", v.moment(*b.UsedAt, zone))
		}
		out = append(out, view)
	}
	return out, err
}

// proveBreakGlass makes the person one who comes in by password in an emergency. They came so just
// now: a session by the company's own sign-in proves nothing about a password.
func (v *visit) proveBreakGlass() (answer, error) {
	if v.value(keyConnection) != "" {
		return v.ownSignInPage(ownSignInPage{GlassProblem: "ownsignin.glass.bypassword"})
	}
	err := v.sso.ProveBreakGlass(v.acting(), v.who.account().ID)
	if rules.CodeOf(err) == sso.NeedsFactor {
		return v.ownSignInPage(ownSignInPage{
			GlassProblem: "ownsignin.cannot." + sso.NeedsFactor,
			GlassMend:    mePath + "#factor-head",
		})
	}
	if err != nil {
		return answer{}, err
	}
	return v.done(ownSignInPath, "flash.glass"), nil
}

func (v *visit) endBreakGlass() (answer, error) {
	err := v.sso.EndBreakGlass(v.acting(), v.who.account().ID, v.form("person"))
	if rules.CodeOf(err) == sso.NoBreakGlass {
		return v.ownSignInPage(ownSignInPage{GlassProblem: "ownsignin.glass.last"})
	}
	if err != nil {
		return answer{}, err
	}
	return v.done(ownSignInPath, "flash.glassended"), nil
}

// enforceConnection makes a connection the only way in, after saying what follows: whose sessions
// end, and which keys go on working without anybody's sign-in.
func enforceConnection(v *visit) (answer, error) {
	if v.provesFirst() {
		return v.ownSignInPage(ownSignInPage{})
	}
	acc := v.who.account().ID
	id := v.param("id")
	if !v.confirmed() {
		if _, err := v.sso.Get(v.acting(), acc, id); err != nil {
			return answer{}, err
		}
		keys, err := v.people.OwnTokens(v.acting(), acc)
		if err != nil {
			return answer{}, err
		}
		c := confirmation{
			Title:  v.say("ownsignin.enforce.ask"),
			Says:   []string{v.say("ownsignin.enforce.says")},
			Action: ownSignInPath + "/" + id + "/enforce",
			Submit: v.say("ownsignin.enforce"),
			Back:   ownSignInPath,
		}
		members, err := v.people.MembersOf(v.acting(), acc)
		if err != nil {
			return answer{}, err
		}
		if len(keys) > 0 {
			c.Says = append(c.Says, v.say("ownsignin.enforce.keys"))
		}
		for _, key := range keys {
			c.Names = append(c.Names, v.say("ownsignin.enforce.key",
				"label", key.Label, "name", v.memberName(key.CreatedBy, members)))
		}
		return v.ask(c)
	}

	_, err := v.sso.Enforce(v.acting(), acc, id)
	switch code := rules.CodeOf(err); code {
	case sso.NotLive, sso.Unrehearsed, sso.DomainUnproved, sso.NobodyCame, sso.NoBreakGlass,
		sso.Outsiders:
		return v.ownSignInWith(id, "ownsignin.cannot."+code)
	}
	if err != nil {
		return answer{}, err
	}
	return v.done(ownSignInPath, "flash.ownenforced"), nil
}
