package main

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/go-kit/kit/endpoint"
	httptransport "github.com/go-kit/kit/transport/http"
)

type uppercaseRequest struct {
	S string `json:"s"`
}

type uppercaseResponse struct {
	V   string `json:"v"`
	Err string `json:"err,omitempty"`
}

func uppercaseEndpoint(svc StringService) endpoint.Endpoint {
	return func(_ context.Context, request interface{}) (interface{}, error) {
		v, err := svc.Uppercase(request.(uppercaseRequest).S)
		if err != nil {
			return uppercaseResponse{Err: err.Error()}, nil
		}
		return uppercaseResponse{V: v}, nil
	}
}

func decodeUppercase(_ context.Context, r *http.Request) (interface{}, error) {
	var request uppercaseRequest
	err := json.NewDecoder(r.Body).Decode(&request)
	return request, err
}

func handler(svc StringService) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/uppercase", httptransport.NewServer(
		uppercaseEndpoint(svc), decodeUppercase, httptransport.EncodeJSONResponse,
	))
	return mux
}
