package saml

import (
	"context"
	"io"
	"net/http"
	"time"
)

// Unreachable is metadata that could not be fetched from its address.
const Unreachable Reason = "UNREACHABLE"

// fetchPatience is how long a provider may take to hand its metadata out.
const fetchPatience = 10 * time.Second

// Fetch gets a provider's metadata from its address by a client that goes nowhere inside: a
// customer typed the address. It refuses what ReadProvider would not read.
func Fetch(ctx context.Context, client *http.Client, address string) ([]byte, error) {
	if !safeAddress(address) {
		return nil, refuse(Unreachable)
	}
	ctx, cancel := context.WithTimeout(ctx, fetchPatience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, refuse(Unreachable)
	}
	request.Header.Set("Accept", "application/samlmetadata+xml, application/xml, text/xml")

	response, err := client.Do(request)
	if err != nil {
		return nil, refuse(Unreachable)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, refuse(Unreachable)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, MaxMetadata+1))
	if err != nil {
		return nil, refuse(Unreachable)
	}
	if len(body) > MaxMetadata {
		return nil, refuse(TooLarge)
	}
	return body, nil
}
