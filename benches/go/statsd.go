package main

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// Debian's go-kit has no kit/metrics; this stands in for its StatsD counter. As there, a call finds its series by name under a
// lock and leaves its number behind under another; a loop writes a line for what was left, at an interval.
type statsd struct {
	lock   sync.RWMutex
	series map[string]*series
}

type series struct {
	lock sync.Mutex
	left []float64
}

type statsdCounter struct {
	name string
	all  *statsd
}

func newStatsd() *statsd { return &statsd{series: map[string]*series{}} }

func (s *statsd) counter(name string) statsdCounter { return statsdCounter{name, s} }

func (c statsdCounter) Add(delta float64) {
	one := c.all.find(c.name)
	one.lock.Lock()
	one.left = append(one.left, delta)
	one.lock.Unlock()
}

func (s *statsd) find(name string) *series {
	s.lock.RLock()
	one, known := s.series[name]
	s.lock.RUnlock()
	if known {
		return one
	}
	s.lock.Lock()
	defer s.lock.Unlock()
	if one, known = s.series[name]; !known {
		one = &series{}
		s.series[name] = one
	}
	return one
}

// send writes at each interval what was left since the last; the function that it returns ends that.
func (s *statsd) send(to io.Writer, interval time.Duration) func() {
	ticker, done := time.NewTicker(interval), make(chan struct{})
	go func() {
		for {
			select {
			case <-ticker.C:
				s.write(to)
			case <-done:
				ticker.Stop()
				return
			}
		}
	}()
	return func() { close(done) }
}

func (s *statsd) write(to io.Writer) {
	s.lock.Lock()
	all := s.series
	s.series = map[string]*series{}
	s.lock.Unlock()
	for name, one := range all {
		one.lock.Lock()
		sum := 0.0
		for _, value := range one.left {
			sum += value
		}
		one.lock.Unlock()
		fmt.Fprintf(to, "%s:%f|c\n", name, sum)
	}
}
