//! Words that stand before a version.

use std::{collections::BTreeSet, sync::LazyLock};

const FOREIGN: &str = "python cpython pypy ubuntu debian fedora centos rhel alpine arch kali suse opensuse linux kernel \
     windows macos osx ios android freebsd openbsd mint rocky almalinux amazon java jdk jre openjdk jvm \
     node node.js nodejs npm yarn pnpm deno bun php ruby perl go golang rust rustc cargo gcc clang llvm \
     glibc musl cmake make maven gradle sbt scala kotlin dotnet .net net mono openssl libressl boringssl \
     gnutls tls ssl tlsv http https html css ssh openssh smb ipv oauth saml openid ldap xml json yaml \
     soap cvss cvssv cwe cve capec owasp rfc iso pci nist asvs wasc chrome chromium firefox safari edge \
     opera brave mozilla webkit curl wget docker podman containerd kubernetes k8s helm minikube openshift \
     terraform ansible postgres postgresql mysql mariadb sqlite oracle mssql redis mongodb elasticsearch \
     nginx apache httpd tomcat jetty iis caddy haproxy envoy burp burpsuite zap nmap metasploit sqlmap \
     ghidra ida gdb valgrind asan afl afl++ libfuzzer codeql semgrep section sections chapter step steps \
     figure fig table line lines page port ports rule item issue appendix paragraph ip score scored \
     rating rated severity protocol api schema spec specification os browser platform cpu gpu cuda qemu \
     virtualbox vmware react vue angular django flask rails spring laravel jquery log4j pip poetry uv \
     pytest lodash express webpack vite bash zsh powershell git github gitlab vim vscode intellij report \
     document advisory draft license gpl agpl lgpl epss level question clause temurin corretto graalvm \
     wsl sdk ndk xcode utf unicode usb bluetooth wifi sha aes rsa";
const GENERIC: &str = "a an the this that these those our my your its their in on at of to from by for with via as than \
     through until till since before after below above between under upto up including inclusive and or \
     both either also only all any every is are was were be affects affect affected affecting impacts \
     impacted impacting vulnerable tested test testing confirmed confirm verified verify checked check \
     reproduced reproduce reproducible found discovered observed running run ran using use used installed \
     install deployed against e.g eg i.e namely currently latest current newest recent stable old older \
     oldest new newer released lts official upstream example like such least exactly specifically \
     versions version release releases ver v tag build branch branches series supported introduced \
     starting beginning present exists exist still even recently default vanilla fresh clean yes no not \
     approximately prior earlier later higher lower greater less equal plus minus range product software \
     app application package docker-image image it here there target instance setup environment tests \
     works work occurs happens applies says shows reports prints displays bug vulnerability flaw includes possibly probably likely maybe i \
     we und et y von bis de à la las los les versiones versionen versión server client snapshot nightly \
     rc candidate point major minor patch been has have reproduces reproducing then self-hosted community \
     enterprise edition pro ce ee oss";

static FOREIGN_SET: LazyLock<BTreeSet<&str>> = LazyLock::new(|| FOREIGN.split_whitespace().collect());
static GENERIC_SET: LazyLock<BTreeSet<&str>> = LazyLock::new(|| GENERIC.split_whitespace().collect());

/// Things whose versions are never the product's, unless a name in the configuration says so: languages, systems,
/// libraries, protocols, ratings, places in a document. The word is in lower case.
pub(super) fn foreign(word: &str) -> bool {
    FOREIGN_SET.contains(word)
        || FOREIGN_SET.contains(word.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.'))
}

/// Words before a version that say nothing about whose it is. The word is in lower case.
pub(super) fn generic(word: &str) -> bool {
    GENERIC_SET.contains(word)
}
