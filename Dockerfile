# Builds one static binary and an image that holds nothing else.
FROM golang:1.26.8-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY . .
ARG VERSION=""
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags="-s -w -X main.version=${VERSION}" \
    -o /roomcover ./cmd/roomcover

# distroless/static holds root certificates and a user that is not root: no
# shell, no libc. Zone files are inside the binary.
FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /roomcover /roomcover
USER 65532:65532
EXPOSE 8080
STOPSIGNAL SIGTERM
ENTRYPOINT ["/roomcover"]
CMD ["serve"]
