package chaos

import (
	"fmt"
	"math/rand/v2"
	"time"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/ordering"
)

// Marker stands in every person's name, every e-mail address and every street
// of the load, so that the oracle can look for personal data where there must
// be none.
const Marker = "qzxvulio"

// Shapes makes random orders. It is used by one goroutine at a time.
type Shapes struct {
	rand   *rand.Rand
	seed   uint64
	client int
	n      int
	today  func() time.Time // calendar
}

// NewShapes makes the orders of a seed and a client; today is the calendar's.
func NewShapes(seed uint64, client int, today func() time.Time) *Shapes {
	return &Shapes{
		rand:   rand.New(rand.NewPCG(seed, uint64(1+client))),
		seed:   seed,
		client: client,
		today:  today,
	}
}

// customers is how many companies the orders share.
const customers = 12

// Next makes the next order: one to four lines of one service type, one to
// twenty licences in all but a few, a shared or a new customer, and now and
// then something that an operator must review.
func (s *Shapes) Next() ordering.OrderForm {
	s.n++
	customer := s.customer()
	f := ordering.OrderForm{
		PONumber:    fmt.Sprintf("PO-%d-%d-%04d", s.seed, s.client, s.n),
		PurchasedOn: s.today().AddDate(0, 0, -s.rand.IntN(20)-1).Format(time.DateOnly),
		Lines:       s.lines(),
		EndCustomer: customer,
		Reseller:    orgParty("Revenda "+Marker, "vendas@reseller-"+Marker+".example"),
		Distributor: orgParty("Distribuidora "+Marker, "orders@distributor-"+Marker+".example"),
	}

	switch s.rand.IntN(12) {
	case 0: // for review: R115b
		f.EndCustomer.Email = fmt.Sprintf("it-%d@reseller-%s.example", s.n, Marker)
	case 1: // for review: R115b
		f.EndCustomer.Email = fmt.Sprintf("%s.%d@gmail.com", Marker, s.n)
	case 2: // one organisation in both roles: one copy of each mail (R100)
		f.Distributor = f.Reseller
	}

	return f
}

func (s *Shapes) customer() rules.Party {
	n := s.rand.IntN(customers)
	if s.rand.IntN(3) == 0 {
		n = customers + 1000*s.client + s.n // a customer of its own
	}

	domain := fmt.Sprintf("customer-%d-%s.example", n, Marker)
	contact := s.rand.IntN(8) / 7 // now and then another person, for review (S15)
	return rules.Party{
		Company:     fmt.Sprintf("Cliente %d Ltda", n),
		ContactName: fmt.Sprintf("Ana %s Souza %d", Marker, n),
		Email:       fmt.Sprintf("ana.%d@%s", contact, domain),
		Address:     addressOf(n),
	}
}

func (s *Shapes) lines() []ordering.OrderLine {
	families := [][]string{
		{"SELECT-1Y", "SELECT-2Y", "SELECT-3Y", "SELECT-4Y", "SELECT-5Y"},
		{"SELECT-1Y", "SELECT-3Y"},
		{"SYNC-PLUS-1Y", "SYNC-PLUS-3Y"},
		{"EXT-WARRANTY-1Y", "EXT-WARRANTY-2Y"},
		{"TAP-BUNDLE-TEAMS"},
	}

	family := families[s.rand.IntN(len(families))]
	lines := make([]ordering.OrderLine, 1+s.rand.IntN(4))
	for i := range lines {
		lines[i] = ordering.OrderLine{
			SKU:      family[s.rand.IntN(len(family))],
			Quantity: int64(1 + s.rand.IntN(20/len(lines))),
		}
	}

	return lines
}

func orgParty(company, email string) rules.OrgParty {
	return rules.OrgParty{Company: company, Email: email, Address: addressOf(0)}
}

func addressOf(n int) rules.Address {
	return rules.Address{
		Street:     fmt.Sprintf("Rua %s, %d", Marker, 100+n),
		City:       "São Paulo",
		Region:     "SP",
		PostalCode: "01310-100",
		Country:    "BR",
	}
}
