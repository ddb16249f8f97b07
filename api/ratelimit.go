package api

import (
	"container/list"
	"math"
	"strconv"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// maxLimiters bounds how many tokens are remembered; the one that was quiet for
// longest is forgotten first, and starts with a full burst again.
const maxLimiters = 10_000

type limiters struct {
	mu    sync.Mutex
	rate  rate.Limit
	burst int
	order *list.List // front: used last
	byID  map[string]*list.Element
}

type limited struct {
	id string
	*rate.Limiter
}

func newLimiters(perSecond float64, burst int) *limiters {
	return &limiters{
		rate:  rate.Limit(perSecond),
		burst: burst,
		order: list.New(),
		byID:  map[string]*list.Element{},
	}
}

// take counts one request of the token. When it is one too many, it gives the
// whole seconds to wait.
func (l *limiters) take(id string) (retryAfter string, ok bool) {
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
	if e, ok := l.byID[id]; ok {
		l.order.MoveToFront(e)
		return e.Value.(limited).Limiter
	}
	if l.order.Len() >= maxLimiters {
		oldest := l.order.Back()
		delete(l.byID, oldest.Value.(limited).id)
		l.order.Remove(oldest)
	}
	fresh := limited{id, rate.NewLimiter(l.rate, l.burst)}
	l.byID[id] = l.order.PushFront(fresh)
	return fresh.Limiter
}
