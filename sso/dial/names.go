package dial

import (
	"context"
	"errors"
	"net"
	"time"
)

// namePatience is how long the name service may take.
const namePatience = 5 * time.Second

// Names asks the machine's name service.
type Names struct{}

// TXT looks up what the TXT records of a domain say; a domain that is not there has none. An
// error means that nobody could be asked.
func (Names) TXT(ctx context.Context, domain string) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, namePatience)
	defer cancel()
	// The dot at the end keeps the machine's own search domains out.
	found, err := net.DefaultResolver.LookupTXT(ctx, domain+".")
	var dns *net.DNSError
	if errors.As(err, &dns) && dns.IsNotFound {
		return nil, nil
	}
	return found, err
}
