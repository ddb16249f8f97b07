package api

import (
	"math"
	"strconv"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"golang.org/x/time/rate"

	"roomcover.dev/roomcover/rules"
)

// maxLimiters bounds how many tokens are remembered. The one that was quiet for longest
// is forgotten first, and starts with a full burst again.
const maxLimiters = 10_000

// limiters bound how often each token, or each address, may ask.
type limiters struct {
	mu    sync.Mutex // also keeps two first requests from making two limiters
	rate  rate.Limit
	burst int
	byID  *simplelru.LRU[string, *rate.Limiter]
}

func newLimiters(perSecond float64, burst int) *limiters {
	byID, err := simplelru.NewLRU[string, *rate.Limiter](maxLimiters, nil)
	if err != nil {
		panic(err) // refused is only a size that is not positive
	}

	return &limiters{
		rate:  rate.Limit(perSecond),
		burst: burst,
		byID:  byID,
	}
}

// networkLimiters bound how often a caller's network may ask, and the wider network around
// it, which has four times the room.
type networkLimiters struct{ line, wide *limiters }

func newNetworkLimiters(perSecond float64, burst int) networkLimiters {
	return networkLimiters{
		line: newLimiters(perSecond, burst),
		wide: newLimiters(4*perSecond, 4*burst),
	}
}

// countRequest counts one request from the address, like limiters.countRequest.
func (l networkLimiters) countRequest(address string) (retryAfter string, ok bool) {
	if wait, ok := l.line.countRequest(rules.Network(address)); !ok {
		return wait, false
	}
	return l.wide.countRequest(rules.WiderNetwork(address))
}

// countRequest counts one request of the token. When it is one too many, it gives the whole
// seconds to wait.
func (l *limiters) countRequest(id string) (retryAfter string, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()

	now := time.Now()
	reservation := l.of(id).ReserveN(now, 1)
	wait := reservation.DelayFrom(now)
	if wait == 0 {
		return "", true
	}

	reservation.CancelAt(now)
	return strconv.Itoa(int(math.Ceil(wait.Seconds()))), false
}

func (l *limiters) of(id string) *rate.Limiter {
	if known, ok := l.byID.Get(id); ok {
		return known
	}
	fresh := rate.NewLimiter(l.rate, l.burst)
	l.byID.Add(id, fresh)
	return fresh
}
