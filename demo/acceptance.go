package demo

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// acceptInvitation goes the administrator's way: the mail's button, the one-time
// code, name and password, and then the service orders.
func (s *story) acceptInvitation(ctx context.Context) error {
	m, err := s.mailTo(ctx, s.email(), invitationSubject, "/invitation?token=")
	if err != nil {
		return err
	}

	link, err := m.part(invitationLink)
	if err != nil {
		return err
	}
	if _, err := s.page(ctx, link, nil); err != nil {
		return err
	}
	if _, err := s.page(ctx, "/invitation", url.Values{}); err != nil {
		return err
	}
	if m, err = s.mailTo(ctx, s.email(), "código", ""); err != nil {
		return err
	}

	code, err := m.part(oneTimeCode)
	if err != nil {
		return err
	}

	s.say("the mail's button was followed, and the one-time code came")
	if _, err := s.page(ctx, "/invitation/code", url.Values{"code": {code}}); err != nil {
		return err
	}

	home, err := s.page(ctx, "/invitation/person", url.Values{
		"name":     {"Bia Lima"},
		"password": {s.password()},
	})
	if err != nil {
		return err
	}
	if err := s.check(
		strings.Contains(home, s.company()),
		"after the acceptance the portal does not greet the company",
	); err != nil {
		return err
	}

	orders, err := s.page(ctx, "/service-orders", nil)
	if err != nil {
		return err
	}

	s.say("%s is administrator, and sees the contract under Pedidos de serviço", s.email())
	if err := s.check(
		strings.Contains(orders, "Pedidos de serviço") && strings.Contains(orders, "50"),
		"the page of service orders does not show 50 licenses",
	); err != nil {
		return err
	}

	if s.customer, err = s.customersToken(ctx, "CUSTOMER_ADMIN"); err != nil {
		return err
	}

	s.csm, err = s.makeToken(ctx, operatorOrg, "OPERATOR_CSM")
	return err
}

var tokenOnPage = regexp.MustCompile(`id="secret">(rct_[A-Za-z0-9_-]{43})<`)

// customersToken makes a token for a program of the customer's, as its administrator does
// in the portal: nobody of the operator's can.
func (s *story) customersToken(ctx context.Context, role string) (API, error) {
	page, err := s.page(ctx, "/tokens", url.Values{
		"label":    {"demo " + s.Name},
		"role":     {role},
		"password": {s.password()}, // asked for again where it was proved some minutes ago
	})
	if err != nil {
		return nil, err
	}

	secret := tokenOnPage.FindStringSubmatch(page)
	if err := s.check(secret != nil, "the portal does not show the new key"); err != nil {
		return nil, err
	}

	return s.As(secret[1]), nil
}

// page gets a page of the portal, or posts its form, and gives the page that is
// shown at the end.
func (s *story) page(ctx context.Context, path string, form url.Values) (string, error) {
	method, text := http.MethodGet, ""
	if form != nil {
		method, text = http.MethodPost, form.Encode()
	}

	req, err := http.NewRequestWithContext(ctx, method, s.Portal+path, strings.NewReader(text))
	if err != nil {
		return "", err
	}

	req.Header.Set("Accept-Language", "pt-BR")
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}

	res, err := s.browser.Do(req)
	if err != nil {
		return "", fmt.Errorf("the portal cannot be reached: %w", err)
	}
	defer res.Body.Close()

	page, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("the portal answers %s to a %s", res.Status, method)
	}

	return string(page), err
}

// makeToken makes a token for one of the operator's people.
func (s *story) makeToken(ctx context.Context, org, role string) (API, error) {
	ask := body{
		"org_id":     org,
		"role":       role,
		"label":      "demo " + s.Name,
		"valid_days": 30,
	}

	made, err := post[struct{ Secret string }](ctx, s.operator, "/v1/tokens", ask)
	if err != nil {
		return nil, err
	}

	return s.As(made.Secret), nil
}
