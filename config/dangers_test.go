package config_test

import (
	"encoding/hex"
	"maps"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/config"
)

// Every kind of danger, beside the nearest that is none: what stays on this machine or
// between containers is easy.
func TestEveryDangerIsNamedWithItsWayOut(t *testing.T) {
	url, database, smtp := "ROOMCOVER_PUBLIC_URL", "ROOMCOVER_DATABASE_URL", "ROOMCOVER_SMTP_TLS"
	temporal, carrier, key := "ROOMCOVER_TEMPORAL_TLS", "ROOMCOVER_CARRIER_URL", "ROOMCOVER_KEY"
	webhooks, proxies := "ROOMCOVER_CARRIER_WEBHOOK_KEYS", "ROOMCOVER_TRUSTED_PROXIES"
	counting := "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
	const far = "postgres://roomcover:secret@db.example.com/roomcover"

	for name, c := range map[string]struct {
		set    map[string]string
		names  string // the setting; empty: nothing is dangerous
		warns  bool   // it is named, and serve starts
		always bool   // no setting allows it
	}{
		"https":              {map[string]string{url: "https://portal.example.com"}, "", false, false},
		"http in public":     {map[string]string{url: "http://portal.example.com"}, url, false, false},
		"http by address":    {map[string]string{url: "http://192.168.1.20:8080"}, url, false, false},
		"http by short name": {map[string]string{url: "http://portal"}, url, false, false},
		"http, localhost":    {map[string]string{url: "http://localhost:8080"}, "", false, false},
		"http, below it":     {map[string]string{url: "http://portal.localhost:8080"}, "", false, false},
		"http, loopback":     {map[string]string{url: "http://127.0.0.1:8080"}, "", false, false},
		"http, loopback v6":  {map[string]string{url: "http://[::1]:8080"}, "", false, false},

		"mail, far, plain": {
			map[string]string{smtp: "none", "ROOMCOVER_SMTP_HOST": "smtp.example.com"},
			smtp, false, false,
		},
		"mail, far, by address": {
			map[string]string{smtp: "none", "ROOMCOVER_SMTP_HOST": "10.0.0.7"},
			smtp, false, false,
		},
		"mail, far, STARTTLS": {
			map[string]string{smtp: "required", "ROOMCOVER_SMTP_HOST": "smtp.example.com"},
			"", false, false,
		},
		"mail, far, implicit": {
			map[string]string{smtp: "implicit", "ROOMCOVER_SMTP_HOST": "smtp.example.com"},
			"", false, false,
		},
		"mail, in compose": {
			map[string]string{smtp: "none", "ROOMCOVER_SMTP_HOST": "mailpit"},
			"", false, false,
		},
		"mail, loopback": {
			map[string]string{smtp: "none", "ROOMCOVER_SMTP_HOST": "127.0.0.1"},
			"", false, false,
		},

		"database, far, nothing said": {map[string]string{database: far}, database, false, false},
		"database, far, disable": {
			map[string]string{database: far + "?sslmode=disable"},
			database, false, false,
		},
		"database, far, allow": {
			map[string]string{database: far + "?sslmode=allow"},
			database, false, false,
		},
		"database, far, prefer": {
			map[string]string{database: far + "?sslmode=prefer"},
			database, false, false,
		},
		"database, far, no URL": {
			map[string]string{database: "host=db.example.com user=r password=s sslmode=disable"},
			database, false, false,
		},
		"database, far, one of two": {
			map[string]string{database: "postgres://r:s@db,db.example.com/r?sslmode=disable"},
			database, false, false,
		},
		"database, far, require": {
			map[string]string{database: far + "?sslmode=require"},
			database, true, false,
		},
		"database, far, verify-ca": {
			map[string]string{database: far + "?sslmode=verify-ca"},
			"", false, false,
		},
		"database, far, verify-full": {
			map[string]string{database: far + "?sslmode=verify-full"},
			"", false, false,
		},
		"database, in compose": {
			map[string]string{database: "postgres://r:s@postgres:5432/r?sslmode=disable"},
			"", false, false,
		},
		"database, loopback": {
			map[string]string{database: "postgres://r:s@127.0.0.1/r"},
			"", false, false,
		},
		"database, socket": {
			map[string]string{database: "host=/var/run/postgresql.d user=r"},
			"", false, false,
		},

		"Temporal, far, plain": {
			map[string]string{"ROOMCOVER_TEMPORAL_ADDRESS": "temporal.example.com:7233"},
			temporal, false, false,
		},
		"Temporal, far, TLS": {
			map[string]string{"ROOMCOVER_TEMPORAL_ADDRESS": "temporal.example.com:7233", temporal: "true"},
			"", false, false,
		},
		"Temporal, far, API key": {
			map[string]string{
				"ROOMCOVER_TEMPORAL_ADDRESS": "temporal.example.com:7233",
				"ROOMCOVER_TEMPORAL_API_KEY": "k",
			},
			"", false, false,
		},
		"Temporal, in compose": {
			map[string]string{"ROOMCOVER_TEMPORAL_ADDRESS": "temporal:7233"},
			"", false, false,
		},

		"carrier, far, http": {
			map[string]string{carrier: "http://carrier.example.com"},
			carrier, false, false,
		},
		"carrier, far, https": {map[string]string{carrier: "https://carrier.example.com"}, "", false, false},
		"carrier, loopback":   {map[string]string{carrier: "http://localhost:9000"}, "", false, false},

		"issuer, far, http":    {issuerAt("http://login.example.com"), "ROOMCOVER_OPERATOR_ISSUER", false, true},
		"issuer, far, https":   {issuerAt("https://login.example.com/realms/desk"), "", false, false},
		"issuer, this machine": {issuerAt("http://localhost:8026"), "", false, false},

		"key of zeros":         {map[string]string{key: strings.Repeat("00", 32)}, key, false, true},
		"key of one byte":      {map[string]string{key: strings.Repeat("ab", 32)}, key, false, true},
		"key of few bytes":     {map[string]string{key: strings.Repeat("deadbeef", 8)}, key, false, true},
		"key that counts":      {map[string]string{key: counting}, key, false, true},
		"webhook key of zeros": {map[string]string{webhooks: strings.Repeat("00", 32)}, webhooks, false, true},
		"webhook keys, second": {
			map[string]string{
				webhooks: hex.EncodeToString([]byte("0f81a7c3e5d29b640f81a7c3e5d29b64")) + "," +
					strings.Repeat("00", 32),
			},
			webhooks, false, true,
		},

		"every proxy trusted":   {map[string]string{proxies: "0.0.0.0/0"}, proxies, true, false},
		"every proxy, v6":       {map[string]string{proxies: "10.0.0.0/8,::/0"}, proxies, true, false},
		"one network of them":   {map[string]string{proxies: "10.0.0.0/8"}, "", false, false},
		"nothing but what must": {map[string]string{}, "", false, false},
	} {
		t.Run(name, func(t *testing.T) {
			set := maps.Clone(good())
			maps.Copy(set, c.set)
			read, err := config.ReadFrom(set)
			require.NoError(t, err)

			dangers := read.Dangers()
			if c.names == "" {
				require.Empty(t, dangers)
				require.NoError(t, read.Refuse())
				return
			}

			require.Len(t, dangers, 1)
			require.Equal(t, c.names, dangers[0].Setting)
			require.NotEmpty(t, dangers[0].What)
			require.NotEmpty(t, dangers[0].Remedy)
			require.Equal(t, !c.warns, dangers[0].Refused)
			if c.warns {
				require.NoError(t, read.Refuse())
				return
			}
			require.ErrorContains(t, read.Refuse(), c.names+": ")
			require.ErrorContains(t, read.Refuse(), dangers[0].Remedy)
			require.NotContains(t, read.Refuse().Error(), "secret")

			set["ROOMCOVER_ALLOW_INSECURE"] = c.names
			read, err = config.ReadFrom(set)
			if c.always {
				require.ErrorContains(t, err, "ROOMCOVER_ALLOW_INSECURE", "nothing allows it")
				return
			}
			require.NoError(t, err)
			require.NoError(t, read.Refuse())
			require.True(t, read.Dangers()[0].Allowed, "it is still named")
		})
	}
}

// One accepted danger does not accept another.
func TestAnAcceptedDangerAcceptsNoOther(t *testing.T) {
	set := good()
	set["ROOMCOVER_PUBLIC_URL"] = "http://portal.example.com"
	set["ROOMCOVER_SMTP_HOST"] = "smtp.example.com"
	set["ROOMCOVER_SMTP_TLS"] = "none"
	set["ROOMCOVER_ALLOW_INSECURE"] = "ROOMCOVER_PUBLIC_URL"
	read, err := config.ReadFrom(set)
	require.NoError(t, err)
	require.Len(t, read.Dangers(), 2)
	require.Equal(t, "ROOMCOVER_SMTP_TLS", read.Dangers()[0].Setting, "the refused first")
	require.ErrorContains(t, read.Refuse(), "ROOMCOVER_SMTP_TLS")
	require.NotContains(t, read.Refuse().Error(), "ROOMCOVER_PUBLIC_URL")

	set["ROOMCOVER_ALLOW_INSECURE"] = "ROOMCOVER_PUBLIC_URL, ROOMCOVER_SMTP_TLS"
	read, err = config.ReadFrom(set)
	require.NoError(t, err)
	require.NoError(t, read.Refuse())

	for _, wrong := range []string{"true", "all", "ROOMCOVER_KEY", "ROOMCOVER_SMTP_HOST"} {
		set["ROOMCOVER_ALLOW_INSECURE"] = wrong
		_, err = config.ReadFrom(set)
		require.ErrorContains(t, err, "ROOMCOVER_ALLOW_INSECURE", wrong)
	}
}

func issuerAt(address string) map[string]string {
	return map[string]string{
		"ROOMCOVER_OPERATOR_ISSUER":        address,
		"ROOMCOVER_OPERATOR_CLIENT_ID":     "roomcover",
		"ROOMCOVER_OPERATOR_CLIENT_SECRET": "s",
	}
}
