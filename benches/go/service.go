package main

import (
	"errors"
	"strings"
)

// StringService is the business: no word of a wire, of logs or of metrics.
type StringService interface {
	Uppercase(string) (string, error)
}

type stringService struct{}

var errEmpty = errors.New("the string is empty")

func (stringService) Uppercase(s string) (string, error) {
	if s == "" {
		return "", errEmpty
	}
	return strings.ToUpper(s), nil
}
