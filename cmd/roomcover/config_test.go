package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/config"
)

func TestConfigCheckShowsEverySettingAndNoSecret(t *testing.T) {
	s := newShell(t, nil)
	t.Setenv("ROOMCOVER_TEMPORAL_API_KEY", "key-of-temporal")
	t.Setenv("ROOMCOVER_SMTP_USERNAME", "roomcover")
	t.Setenv("ROOMCOVER_SMTP_PASSWORD", "password-of-smtp")
	out := s.must("config", "check")
	for _, name := range environment(reflect.TypeOf(config.Config{})) {
		require.Contains(t, out, name+" ")
	}
	secrets := []string{"open-sesame", strings.Repeat("0123456789abcdef", 4), "key-of-temporal", "password-of-smtp"}
	for _, secret := range secrets {
		require.NotContains(t, out, secret)
	}
	var list []setting
	s.json(&list, "config", "check")
	require.Len(t, list, len(environment(reflect.TypeOf(config.Config{}))))
}

// Each danger is named with its way out; config check, serve and worker refuse what can be
// used against people, unless a setting names it.
func TestConfigCheckNamesWhatIsDangerous(t *testing.T) {
	for name, c := range map[string]struct {
		set   map[string]string
		names string // the setting; empty: nothing is dangerous
		says  string
		fatal bool
		never bool // no setting allows it
	}{
		"as it comes": {map[string]string{}, "", "", false, false},
		"http in public": {
			map[string]string{"ROOMCOVER_PUBLIC_URL": "http://portal.example.com"},
			"ROOMCOVER_PUBLIC_URL", "https://", true, false,
		},
		"mail in the clear": {
			map[string]string{"ROOMCOVER_SMTP_TLS": "none", "ROOMCOVER_SMTP_HOST": "smtp.example.com"},
			"ROOMCOVER_SMTP_TLS", "required or implicit", true, false,
		},
		"database in the clear": {
			map[string]string{"ROOMCOVER_DATABASE_URL": "postgres://r:open-sesame@db.example.com/r?sslmode=disable"},
			"ROOMCOVER_DATABASE_URL", "sslmode=verify-full", true, false,
		},
		"database without a check": {
			map[string]string{"ROOMCOVER_DATABASE_URL": "postgres://r:open-sesame@db.example.com/r?sslmode=require"},
			"ROOMCOVER_DATABASE_URL", "not checked", false, false,
		},
		"a key of zeros": {
			map[string]string{"ROOMCOVER_KEY": strings.Repeat("00", 32)},
			"ROOMCOVER_KEY", "openssl rand -hex 32", true, true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShell(t, nil)
			for k, v := range c.set {
				t.Setenv(k, v)
			}
			want, refused := exitDone, exitFailed // nothing listens where the database should be
			if c.fatal {
				want, refused = exitFound, exitUsage
			}
			require.Equal(t, want, s.run("config", "check"), s.err.String())
			require.NotContains(t, s.out.String()+s.err.String(), "open-sesame")
			if c.names == "" {
				require.NotContains(t, s.out.String(), "DANGER")
				return
			}
			require.Contains(t, s.out.String(), c.names+": ")
			require.Contains(t, s.out.String(), c.says)
			for _, command := range []string{"serve", "worker"} {
				require.Equal(t, refused, s.run(command), s.err.String())
				require.Contains(t, s.err.String(), c.names)
			}

			t.Setenv("ROOMCOVER_ALLOW_INSECURE", c.names)
			switch {
			case c.never:
				require.Equal(t, exitUsage, s.run("config", "check"), "nothing allows it")
			case c.fatal:
				require.Equal(t, exitDone, s.run("config", "check"))
				require.Contains(t, s.out.String(), "ALLOWED "+c.names)
				for _, command := range []string{"serve", "worker"} {
					require.Equal(t, exitFailed, s.run(command), s.err.String())
					require.Contains(t, s.err.String(), "a setting is dangerous", "it is logged")
				}
			}
		})
	}
}

func TestConfigCheckKeepsAnAddressThatIsNoURL(t *testing.T) {
	s := newShell(t, nil)
	t.Setenv("ROOMCOVER_DATABASE_URL", "host=db password=open-sesame")
	require.NotContains(t, s.must("config", "check"), "open-sesame")
}

// environment is every variable of the config struct.
func environment(t reflect.Type) []string {
	var names []string
	for i := range t.NumField() {
		f := t.Field(i)
		if name := f.Tag.Get("env"); name != "" {
			names = append(names, name)
		} else if f.Type.Kind() == reflect.Struct {
			names = append(names, environment(f.Type)...)
		}
	}
	return names
}

func TestConfigCheckFindsWhatOnlyThePartsKnow(t *testing.T) {
	s := newShell(t, nil)
	cert, key := pair(t)
	nothing := filepath.Join(t.TempDir(), "nothing.pem")
	text := filepath.Join(t.TempDir(), "text.pem")
	require.NoError(t, os.WriteFile(text, []byte("no certificate"), 0o600))
	for name, c := range map[string]struct {
		set  map[string]string
		want string
	}{
		"log level":        {map[string]string{"ROOMCOVER_LOG_LEVEL": "loud"}, "ROOMCOVER_LOG_LEVEL"},
		"key missing":      {map[string]string{"ROOMCOVER_TEMPORAL_CERT_FILE": cert}, "must be given together"},
		"certificate only": {map[string]string{"ROOMCOVER_TEMPORAL_KEY_FILE": key}, "must be given together"},
		"no such CA":       {map[string]string{"ROOMCOVER_TEMPORAL_CA_FILE": nothing}, "CA_FILE cannot be read"},
		"CA is text":       {map[string]string{"ROOMCOVER_TEMPORAL_CA_FILE": text}, "no certificate"},
		"certificate broken": {
			map[string]string{"ROOMCOVER_TEMPORAL_CERT_FILE": text, "ROOMCOVER_TEMPORAL_KEY_FILE": key},
			"cannot be used",
		},
		"Message-ID domain": {map[string]string{"ROOMCOVER_SMTP_MESSAGE_ID_DOMAIN": "a b"}, "Message-ID"},
		"SMTP TLS":          {map[string]string{"ROOMCOVER_SMTP_TLS": "perhaps"}, "ROOMCOVER_SMTP_TLS"},
		"not a number": {
			map[string]string{"ROOMCOVER_SMTP_PORT": "smtp"}, "ROOMCOVER_SMTP_PORT must be a whole number",
		},
	} {
		t.Run(name, func(t *testing.T) {
			for k, v := range c.set {
				t.Setenv(k, v)
			}
			require.Equal(t, exitUsage, s.run("config", "check"))
			require.Contains(t, s.err.String(), c.want)
		})
	}
}

func TestTemporalIsReachedByTLSWhereAKeyOrCertificateTravels(t *testing.T) {
	cert, key := pair(t)
	for name, c := range map[string]struct {
		given config.Temporal
		tls   bool
	}{
		"plain":       {config.Temporal{}, false},
		"told":        {config.Temporal{TLS: true}, true},
		"own CA":      {config.Temporal{CAFile: cert}, true},
		"certificate": {config.Temporal{CertFile: cert, KeyFile: key}, true},
		"API key":     {config.Temporal{APIKey: "k"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			o, err := temporalOptions(config.Config{Temporal: c.given}, nil)
			require.NoError(t, err)
			require.Equal(t, c.tls, o.ConnectionOptions.TLS != nil)
			if c.given.CertFile != "" {
				require.Len(t, o.ConnectionOptions.TLS.Certificates, 1)
			}
			require.Equal(t, c.given.APIKey != "", o.Credentials != nil)
		})
	}
}

// pair writes a self-signed certificate and its key.
func pair(t *testing.T) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	form := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "test"},
		NotAfter:     time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, form, form, &private.PublicKey, private)
	require.NoError(t, err)
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(t, err)
	dir := t.TempDir()
	write := func(name, kind string, b []byte) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: b}), 0o600))
		return path
	}
	return write("cert.pem", "CERTIFICATE", der), write("key.pem", "PRIVATE KEY", secret)
}
