package portal

import (
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/rules"
)

// looksAfter names a manager for the account.
func (w *world) looksAfter(accountID string, f rules.CSMForm) account.CSM {
	w.t.Helper()
	c, err := w.CreateCSM(w.as(rules.OperatorLead), f, "new colleague")
	require.NoError(w.t, err)
	_, err = w.AssignCSM(w.as(rules.OperatorLead), account.CSMAssignment{
		AccountID: accountID,
		CSMID:     c.ID,
		Reason:    "knows the region",
	})
	require.NoError(w.t, err)
	return c
}

func TestR35e_AccountPageShowsNameAndContact(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ana, inv := w.admin()
		reader := w.member(inv.AccountID, "leo@acme.example", identity.RoleReadOnly)
		page := ana.get("/account").body
		require.Contains(t, page, "Nobody has been named yet")
		require.Contains(t, page, "São Paulo, SP, 01310-100")
		require.Contains(t, page, `<span class="soft">Brazil</span>`)
		require.Contains(t, ana.get("/").body, `<a href="/account">`)
		c := w.looksAfter(inv.AccountID, rules.CSMForm{
			Name:  "Clara <Reis>",
			Email: "clara@operator.example",
			Phone: "+55 (11) 4000-1234",
		})
		for _, g := range []*guest{ana, reader} {
			page = g.get("/account").body
			for _, want := range []string{
				"Clara &lt;Reis&gt;",
				`<a class="link" href="mailto:clara@operator.example">`,
				`<a class="link" href="tel:&#43;551140001234">&#43;55 (11) 4000-1234</a>`,
			} {
				require.Contains(t, page, want)
			}
		}
		page = ana.get("/account?lang=pt-BR").body
		require.Contains(t, page, "Seu gerente de sucesso do cliente")
		require.Contains(t, page, `<span class="soft">Brasil</span>`)
		gil, _ := w.site("gil@globex.example")
		require.NotContains(t, gil.get("/account").body, "Clara", "another account")
		require.Equal(t, "/sign-in", w.guest().get("/account").path)

		_, err := w.ChangeCSM(w.as(rules.OperatorLead), c.ID, account.CSMChange{
			Form:   rules.CSMForm{Name: c.Name, Email: c.Email},
			Reason: "left",
		})
		require.NoError(t, err)
		require.NotContains(t, ana.get("/account?lang=en").body, "Clara", "who has left is shown no more")
	})
}
