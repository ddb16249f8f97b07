package console

import (
	"net/http"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/web"
)

// SetUpPath is the page to which the link of a new operator leads, with its token.
const SetUpPath = Root + "/set-up"

func setUpRoutes() []route {
	return []route{
		{method: get, path: SetUpPath, do: showSetUp},
		{method: post, path: SetUpPath, do: finishSetUp},
	}
}

// setUpPage lets an operator choose a password and enter the key into the app. Codes are the
// recovery codes, shown once, when it is done.
type setUpPage struct {
	Token, Name, Email string
	web.AppKey
	Problem, PassAdvice string
	Least, Most         int
	Codes               []string
	Passkey             web.PasskeyButton // in place of the app
}

// setUpTries bounds what one network tries of links and codes in a quarter of an hour.
const setUpTries = 60

func showSetUp(v *visit) (answer, error) {
	return v.setUpPage(v.query("token"), "")
}

func (v *visit) setUpPage(token, problem string) (answer, error) {
	if err := v.throttleNetwork("set-up", setUpTries, signInWindow); err != nil {
		return answer{}, err
	}
	find := v.operators.OpenSetUp
	if v.request.Method == post { // whose page showed the key that stands
		find = v.operators.OperatorToSetUp
	}
	o, key, err := find(v.ctx, token)
	if rules.CodeOf(err) == rules.NotFound {
		return v.problem(http.StatusGone, "setup"), nil
	}
	if err != nil {
		return answer{}, err
	}

	p := setUpPage{
		Token:   token,
		Name:    o.Name,
		Email:   o.Email,
		Problem: problem,
		Least:   web.LeastPassword,
		Most:    web.MostPassword,
	}
	if p.Passkey, err = v.newPasskeyButton(forSetUp, o, nil); err != nil {
		return answer{}, err
	}
	p.Passkey.Label = v.say("console.setup.passkey")
	p.AppKey, err = web.ShowAppKey(v.program.Name, o.Email, key)
	a := answer{
		page:  "setup",
		title: v.say("console.setup.title"),
		data:  p,
		plain: true,
	}
	if problem != "" {
		a.status = http.StatusUnprocessableEntity
	}
	return a, err
}

// finishSetUp stores the password once the app's code shows that the key has arrived there, or
// with a passkey that the browser has made.
func finishSetUp(v *visit) (answer, error) {
	token := v.form("token")
	o, _, err := v.operators.OperatorToSetUp(v.ctx, token)
	if err != nil {
		return v.setUpPage(token, "") // which says that the link is over
	}

	password := v.form("password")
	if wrong := web.PasswordProblem(password, o.Name, o.Email, v.program.Name); wrong != "" {
		return v.setUpPage(token, v.say(wrong,
			"least", web.LeastPassword, "most", web.MostPassword))
	}
	hash, err := web.HashPassword(v.ctx, password)
	if err != nil {
		return answer{}, err
	}

	if v.form(web.FieldPasskey) != "" {
		key, ok, err := v.madePasskey(forSetUp, o, nil)
		if err != nil {
			return answer{}, err
		}
		if !ok {
			return v.setUpPage(token, v.say("passkey.wrong"))
		}
		key.Name = v.deviceName()
		codes, err := v.operators.FinishSetUpByPasskey(v.named(), token, hash, key)
		if err != nil {
			return answer{}, err
		}
		return v.setUpDone(codes), nil
	}

	codes, ok, err := v.operators.FinishSetUp(v.named(), token, hash, v.form("code"))
	if err != nil {
		return answer{}, err
	}
	if !ok {
		return v.setUpPage(token, v.say("factor.wrongcode"))
	}
	return v.setUpDone(codes), nil
}

func (v *visit) setUpDone(codes []string) answer {
	return answer{
		page:  "setup",
		title: v.say("console.setup.done"),
		data:  setUpPage{Codes: codes},
		plain: true,
	}
}
