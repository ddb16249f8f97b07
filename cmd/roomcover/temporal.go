package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/opentelemetry"
	"go.temporal.io/sdk/log"

	"roomcover.dev/roomcover/config"
	"roomcover.dev/roomcover/mail"
	"roomcover.dev/roomcover/tracing/export"
)

// newTemporal makes a client that connects when it is first used, so that
// serve and worker start while Temporal is down.
// measured is told what the client and its workers do.
func newTemporal(
	c config.Config, logs *slog.Logger, measured client.MetricsHandler,
) (client.Client, error) {
	o, err := temporalOptions(c, logs)
	if err != nil {
		return nil, settingsError{err}
	}
	o.MetricsHandler = measured
	if export.On() {
		traced, err := opentelemetry.NewTracingInterceptor(opentelemetry.TracerOptions{})
		if err != nil {
			return nil, err
		}
		o.Interceptors = append(o.Interceptors, traced)
	}
	return client.NewLazyClient(o)
}

func temporalOptions(c config.Config, logs *slog.Logger) (client.Options, error) {
	o := client.Options{HostPort: c.Temporal.Address, Namespace: c.Temporal.Namespace}
	if logs != nil {
		o.Logger = log.NewStructuredLogger(logs)
	}
	if c.Temporal.APIKey != "" {
		o.Credentials = client.NewAPIKeyStaticCredentials(c.Temporal.APIKey)
	}

	var err error
	o.ConnectionOptions.TLS, err = temporalTLS(c.Temporal)
	return o, err
}

// temporalTLS is nil for a plain connection. A CA, a certificate or an API key
// means TLS without being told: a key must never travel in the clear.
func temporalTLS(t config.Temporal) (*tls.Config, error) {
	if !t.TLS && t.CAFile == "" && t.CertFile == "" && t.KeyFile == "" && t.APIKey == "" {
		return nil, nil //nolint:nilnil // the SDK's way to say "plain"
	}

	out := &tls.Config{MinVersion: tls.VersionTLS12}
	if t.CAFile != "" {
		pem, err := os.ReadFile(t.CAFile)
		if err != nil {
			return nil, fmt.Errorf("ROOMCOVER_TEMPORAL_CA_FILE cannot be read: %w", err)
		}

		out.RootCAs = x509.NewCertPool()
		if !out.RootCAs.AppendCertsFromPEM(pem) {
			return nil, errors.New("ROOMCOVER_TEMPORAL_CA_FILE holds no certificate in PEM")
		}
	}

	if (t.CertFile == "") != (t.KeyFile == "") {
		return nil,
			errors.New("ROOMCOVER_TEMPORAL_CERT_FILE and ROOMCOVER_TEMPORAL_KEY_FILE go together")
	}

	if t.CertFile != "" {
		pair, err := tls.LoadX509KeyPair(t.CertFile, t.KeyFile)
		if err != nil {
			return nil, fmt.Errorf(
				"ROOMCOVER_TEMPORAL_CERT_FILE or ROOMCOVER_TEMPORAL_KEY_FILE cannot be used: %w",
				err,
			)
		}

		out.Certificates = []tls.Certificate{pair}
	}

	return out, nil
}

// newSender makes the sender of mails; it connects with the first mail.
func newSender(c config.Config) (*mail.Sender, error) {
	s, err := mail.NewSender(mail.Options{
		Host:            c.SMTP.Host,
		Port:            c.SMTP.Port,
		Username:        c.SMTP.Username,
		Password:        c.SMTP.Password,
		TLS:             c.SMTP.TLS,
		MessageIDDomain: c.SMTP.MessageIDDomain,
	})
	if err != nil {
		return nil, settingsError{err}
	}

	return s, nil
}
