package config_test

import (
	"encoding/base64"
	"encoding/hex"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/config"
)

var key = []byte("0123456789abcdef0123456789abcdef")

func good() map[string]string {
	return map[string]string{
		"ROOMCOVER_DATABASE_URL": "postgres://roomcover:secret@db/roomcover",
		"ROOMCOVER_KEY":          hex.EncodeToString(key),
		"ROOMCOVER_PUBLIC_URL":   "https://portal.example.com",
	}
}

func TestDefaultsAreEnough(t *testing.T) {
	c, err := config.ReadFrom(good())
	require.NoError(t, err)
	require.Equal(t, ":8080", c.Listen)
	require.Equal(t, 25*time.Second, c.StopTimeout)
	require.Equal(t, "required", c.SMTP.TLS, "TLS is required unless told otherwise")
	require.Equal(t, "roomcover", c.Temporal.Namespace)
	require.True(t, c.Secure())
	b, err := c.KeyBytes()
	require.NoError(t, err)
	require.Equal(t, key, b)
}

func TestReadFromTheProcess(t *testing.T) {
	for name, value := range good() {
		t.Setenv(name, value)
	}
	t.Setenv("ROOMCOVER_SMTP_PORT", "2525")
	c, err := config.Read()
	require.NoError(t, err)
	require.Equal(t, 2525, c.SMTP.Port)
}

func TestEveryMissingVariableIsNamedAtOnce(t *testing.T) {
	_, err := config.ReadFrom(map[string]string{})
	require.Error(t, err)
	for name := range good() {
		require.ErrorContains(t, err, name)
	}
}

// Each wrong value is named by its variable, together with what is missing, and
// never repeated: it may be a secret in the wrong place.
func TestEveryWrongVariableIsNamedWithoutItsValue(t *testing.T) {
	const secret = "hunter2-is-secret"
	wrong := map[string]string{
		"ROOMCOVER_DATABASE_MAX_CONNECTIONS": secret, "ROOMCOVER_KEY": secret, "ROOMCOVER_PUBLIC_URL": secret,
		"ROOMCOVER_LOG_LEVEL": secret, "ROOMCOVER_RATE_PER_SECOND": secret, "ROOMCOVER_RATE_BURST": secret,
		"ROOMCOVER_TEMPORAL_TLS": secret, "ROOMCOVER_TEMPORAL_CERT_FILE": secret, "ROOMCOVER_SMTP_PORT": secret,
		"ROOMCOVER_SMTP_TLS": secret, "ROOMCOVER_SMTP_USERNAME": secret, "ROOMCOVER_STOP_TIMEOUT": secret,
	}
	_, err := config.ReadFrom(wrong)
	require.ErrorContains(t, err, "ROOMCOVER_DATABASE_URL", "a missing one is told beside the wrong ones")
	for name := range wrong {
		t.Run(name, func(t *testing.T) {
			require.ErrorContains(t, err, name)
			one := good()
			one[name] = secret
			_, err := config.ReadFrom(one)
			require.ErrorContains(t, err, name)
			require.NotContains(t, err.Error(), secret)
		})
	}
	require.NotContains(t, err.Error(), secret)
}

func TestValuesOutOfRange(t *testing.T) {
	for name, values := range map[string][]string{
		"ROOMCOVER_DATABASE_MAX_CONNECTIONS": {"0", "-1"},
		"ROOMCOVER_STOP_TIMEOUT":             {"0s", "-5s"},
		"ROOMCOVER_SERVE_STATEMENT_TIMEOUT":  {"-5s", "1us"},
		"ROOMCOVER_WORKER_STATEMENT_TIMEOUT": {"-5s"},
		"ROOMCOVER_DATABASE_LOCK_TIMEOUT":    {"-5s"},
		"ROOMCOVER_DATABASE_IDLE_TIMEOUT":    {"-5s"},

		"ROOMCOVER_DATABASE_CONNECTION_LIFETIME": {"-5s"},
		"ROOMCOVER_RATE_PER_SECOND":              {"0", "-0.5"},
		"ROOMCOVER_RATE_BURST":                   {"0"},
		"ROOMCOVER_SMTP_PORT":                    {"0", "65536"},
		"ROOMCOVER_SMTP_TLS":                     {"optional", "REQUIRED"},
		"ROOMCOVER_PUBLIC_URL": {
			"portal.example.com", "ftp://portal.example.com", "https://", "https://user:pass@portal.example.com",
			"https://portal.example.com/?a=b", "https://portal.example.com/#a",
		},
		"ROOMCOVER_SMTP_PASSWORD": {"without a user"},
		"ROOMCOVER_CARRIER_URL":   {"carrier.example.com", "ftp://carrier.example.com"},
		"ROOMCOVER_CARRIER_NAME":  {strings.Repeat("x", 65)},

		"ROOMCOVER_OPERATOR_TIME_ZONE": {"Local", "Nowhere/Here"},
		"ROOMCOVER_OPERATOR_ISSUER":    {"login", "https://login.example.com/common/v2.0", "https://login.example.com?x=1"},
		"ROOMCOVER_CARRIER_WEBHOOK_KEYS": {"short", hex.EncodeToString(key[:31]), hex.EncodeToString(key) +
			",short", strings.Repeat(hex.EncodeToString(key)+",", 2) + hex.EncodeToString(key)},
		"ROOMCOVER_TEMPORAL_KEY_FILE": {"/without/a/certificate"},
	} {
		for _, value := range values {
			one := good()
			one[name] = value
			_, err := config.ReadFrom(one)
			require.ErrorContains(t, err, name, value)
		}
	}
}

func TestKeyInHexOrBase64(t *testing.T) {
	long := []byte(strings.Repeat("\xfe\xff", 24))
	for name, c := range map[string]struct {
		text string
		want []byte
	}{
		"hex":                  {hex.EncodeToString(key), key},
		"hex, upper case":      {strings.ToUpper(hex.EncodeToString(key)), key},
		"hex with a line end":  {hex.EncodeToString(key) + "\n", key},
		"base64":               {base64.StdEncoding.EncodeToString(long), long},
		"base64 for addresses": {base64.RawURLEncoding.EncodeToString(long), long},
		"too short":            {hex.EncodeToString(key[:31]), nil},
		"not encoded":          {"a passphrase that somebody typed, long enough", nil},
		"empty":                {"", nil},
	} {
		t.Run(name, func(t *testing.T) {
			b, err := config.Config{Key: c.text}.KeyBytes()
			if c.want == nil {
				require.Error(t, err)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.want, b)
		})
	}
}

func TestWebhookKeysMayBeTwo(t *testing.T) {
	for text, want := range map[string][][]byte{
		"":                      nil,
		hex.EncodeToString(key): {key},
		hex.EncodeToString(key) + "," + base64.StdEncoding.EncodeToString([]byte(strings.Repeat("\xfe", 33))): {
			key, []byte(strings.Repeat("\xfe", 33)),
		},
	} {
		one := good()
		one["ROOMCOVER_CARRIER_WEBHOOK_KEYS"] = text
		c, err := config.ReadFrom(one)
		require.NoError(t, err)
		got, err := c.Carrier.Keys()
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
}

func TestSecure(t *testing.T) {
	one := maps.Clone(good())
	one["ROOMCOVER_PUBLIC_URL"] = "http://localhost:8080/"
	c, err := config.ReadFrom(one)
	require.NoError(t, err)
	require.False(t, c.Secure())
	require.Equal(t, "http://localhost:8080", c.PublicURL, "links add their path")
}
