package console

import (
	"net/http"

	"roomcover.dev/roomcover/web"
)

const appPath = mePath + "/app"

func appRoutes() []route {
	return []route{
		{method: get, path: appPath, access: operator, do: showApp, fresh: true},
		{method: post, path: appPath, access: operator, do: useApp, fresh: true},
	}
}

// appPage shows the key for another app, which is the operator's once a code of it is there.
type appPage struct {
	web.AppKey
	Problem string
}

func showApp(v *visit) (answer, error) {
	if err := v.hasFactors(); err != nil {
		return answer{}, err
	}
	_, sealed := v.operators.NewAppKey(v.who.ID)
	v.setValue(keyApp, sealed)
	return v.appPage(sealed, "")
}

func (v *visit) appPage(sealed, problem string) (answer, error) {
	key, ok := v.operators.OpenAppKey(v.who.ID, sealed)
	if !ok {
		return redirect(appPath), nil // with a key that holds
	}
	p := appPage{Problem: problem}
	var err error
	p.AppKey, err = web.ShowAppKey(v.program.Name, v.who.Email, key)
	a := answer{page: "app", title: v.say("console.me.app.set"), data: p}
	if problem != "" {
		a.status = http.StatusUnprocessableEntity
	}
	return a, err
}

// useApp makes the app whose code it is the operator's.
func useApp(v *visit) (answer, error) {
	if err := v.hasFactors(); err != nil {
		return answer{}, err
	}
	sealed := v.value(keyApp)
	if sealed == "" {
		return redirect(appPath), nil
	}
	ok, err := v.operators.UseApp(v.acting(""), v.who.ID, sealed, v.form("code"))
	if err != nil {
		return answer{}, err
	}
	if !ok {
		return v.appPage(sealed, v.say("factor.wrongcode"))
	}
	v.sessions.Remove(v.ctx, keyApp)
	return v.done(mePath, "console.flash.app"), nil
}
