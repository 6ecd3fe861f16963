package main

import "github.com/prometheus/client_golang/prometheus"

// Debian's go-kit has no kit/metrics; these stand in for its Prometheus adapter. As there, `With` adds pairs of label and
// value, and each use finds its child in the vector by a map made of them.
type counter struct {
	vec   *prometheus.CounterVec
	pairs []string
}

func (c counter) With(pairs ...string) counter {
	return counter{c.vec, append(c.pairs[:len(c.pairs):len(c.pairs)], pairs...)}
}

func (c counter) Add(delta float64) { c.vec.With(labels(c.pairs)).Add(delta) }

type histogram struct {
	vec   *prometheus.HistogramVec
	pairs []string
}

func (h histogram) With(pairs ...string) histogram {
	return histogram{h.vec, append(h.pairs[:len(h.pairs):len(h.pairs)], pairs...)}
}

func (h histogram) Observe(value float64) { h.vec.With(labels(h.pairs)).Observe(value) }

func labels(pairs []string) prometheus.Labels {
	all := prometheus.Labels{}
	for i := 0; i < len(pairs); i += 2 {
		all[pairs[i]] = pairs[i+1]
	}
	return all
}
