# For the scripts at the top: programs that tests and benches need, unpacked into .test/ so that nothing is installed as a service.
# Who sources it is at the top of the repository, has a folder $work of its own, and an array `skipped` for what cannot be had.

# unpack PACKAGE…: Debian's, into .test/root, up to the first that cannot be had.
unpack() {
  local package
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
  [ -n "${updated:-}" ] || { apt-get update -q >.test/apt.log 2>&1 || true; updated=1; }
  for package in "$@"; do
    (cd "$work" && apt-get download -q "$package" >>"$OLDPWD/.test/apt.log" 2>&1 && dpkg-deb -x "$package"_*.deb "$OLDPWD/.test/root") || return 1
  done
}

# have PROGRAM PACKAGE [LIBRARY…]: is PROGRAM there, perhaps after unpacking Debian's PACKAGE and the packages it links to?
have() {
  local program=$1
  command -v "$program" >/dev/null && return 0
  shift
  # The program last: it is there only with what it needs.
  unpack "${@:2}" "$1" || true
  command -v "$program" >/dev/null && return 0
  skipped+=("$program (Debian's package $1)")
  return 1
}

# have_file FILE PACKAGE: is FILE below .test/root, perhaps after unpacking Debian's PACKAGE?
have_file() {
  [ -e ".test/root/$1" ] || unpack "$2" || true
  [ -e ".test/root/$1" ] && return 0
  skipped+=("$1 (Debian's package $2)")
  return 1
}

# apt_of KIND SUITE: an apt of its own for a suite of Debian's, `deb` or `deb-src`: the machine's is only read. Its options are in $apt_options,
# its log is $apt_log.
apt_of() {
  local kind=$1 suite=$2 apt=$PWD/.test/apt-$2 mirror
  [ "$kind" = deb ] || apt+=-src
  mirror=$(apt-get indextargets --format '$(RELEASE) $(SITE)' 2>/dev/null |
    awk -v codename="$(codename)" '$1 == codename || $1 == "stable" { print $2; exit }') || true
  [ "$(id -u)" = 0 ] && [ -n "$mirror" ] || return 1
  mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial"
  : >"$apt/status"
  echo "$kind [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" >"$apt/sources.list"
  apt_log=$apt/log
  apt_options=(-q -o "Dir::Etc::sourcelist=$apt/sources.list" -o Dir::Etc::sourceparts=/dev/null -o "Dir::State::lists=$apt/lists"
    -o "Dir::State::status=$apt/status" -o "Dir::Cache=$apt/cache" -o APT::Sandbox::User=root)
}

# What this machine's Debian is called.
codename() { . /etc/os-release && echo "${VERSION_CODENAME:-}"; }

# have_from SUITE PROGRAM PACKAGE: as have, from another suite of Debian's.
have_from() {
  local suite=$1 program=$2 package=$3 apt_options apt_log
  command -v "$program" >/dev/null && return 0
  if apt_of deb "$suite"; then
    (
      cd "$work"
      timeout 300 apt-get "${apt_options[@]}" update && timeout 300 apt-get "${apt_options[@]}" download "$package" &&
        dpkg-deb -x "$package"_*.deb "$OLDPWD/.test/root"
    ) >"$apt_log" 2>&1 || true
  fi
  command -v "$program" >/dev/null && return 0
  skipped+=("$program (package $package of Debian's $suite)")
  return 1
}

# python_has PACKAGE==VERSION…: are PyPI's packages in the Python of .test/python, perhaps after installing them?
python_has() {
  local package distribution missing=()
  for package in "$@"; do
    distribution=${package//-/_}
    [ -n "$(compgen -G ".test/python/lib/python3*/site-packages/${distribution/==/-}.dist-info")" ] || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  {
    if [ ! -x .test/python/bin/python ] && ! python3 -m venv .test/python; then
      rm -rf .test/python
      [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null && { timeout 300 apt-get update -q || true; } &&
        timeout 300 apt-get install -q -y --no-install-recommends python3-venv && python3 -m venv .test/python
    fi &&
      # Not the program `pip`, which knows only the folder that it was installed in.
      timeout 300 .test/python/bin/python -m pip install --quiet --disable-pip-version-check --only-binary :all: "${missing[@]}"
  } >.test/pip.log 2>&1
}
