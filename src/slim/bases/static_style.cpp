#include "slim/bases/bases.hpp"

namespace slimimg::slim::bases {
namespace {

/// The protocols and services that programs look up by name (IANA's registries).
constexpr std::string_view protocols =
    "ip\t0\tIP\nicmp\t1\tICMP\nigmp\t2\tIGMP\ntcp\t6\tTCP\nudp\t17\tUDP\nipv6\t41\tIPv6\n"
    "ipv6-route\t43\tIPv6-Route\nipv6-frag\t44\tIPv6-Frag\ngre\t47\tGRE\nesp\t50\tIPSEC-ESP\n"
    "ah\t51\tIPSEC-AH\nipv6-icmp\t58\tIPv6-ICMP\nsctp\t132\tSCTP\nudplite\t136\tUDPLite\n";

constexpr std::string_view services =
    "ftp-data\t20/tcp\nftp\t21/tcp\nssh\t22/tcp\ntelnet\t23/tcp\nsmtp\t25/tcp\tmail\n"
    "domain\t53/tcp\ndomain\t53/udp\nbootps\t67/udp\nbootpc\t68/udp\ntftp\t69/udp\n"
    "http\t80/tcp\twww\nkerberos\t88/tcp\nkerberos\t88/udp\npop3\t110/tcp\nsunrpc\t111/tcp\n"
    "sunrpc\t111/udp\nntp\t123/udp\nimap2\t143/tcp\timap\nsnmp\t161/udp\nldap\t389/tcp\n"
    "https\t443/tcp\nhttps\t443/udp\nsubmissions\t465/tcp\tssmtp smtps urd\nsyslog\t514/udp\n"
    "submission\t587/tcp\nldaps\t636/tcp\ndomain-s\t853/tcp\nimaps\t993/tcp\npop3s\t995/tcp\n"
    "mysql\t3306/tcp\npostgresql\t5432/tcp\tpostgres\namqps\t5671/tcp\namqp\t5672/tcp\n"
    "redis\t6379/tcp\n";

constexpr std::string_view name_service =
    "passwd: files\ngroup: files\nshadow: files\nhosts: files dns\nnetworks: files\n"
    "protocols: files\nservices: files\nethers: files\nrpc: files\n";

}  // namespace

const BaseStyle static_style{
    .id = "static",
    .summary = "trust store, time zones, users, names of services and media types",
    .below = nullptr,
    .parts = {
        {.what = "os-release", .names = {"/etc/os-release"}, .library = false, .text = ""},
        {.what = "trust store",
         .names = {"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
                   "/etc/ssl/cert.pem"},
         .library = false,
         .text = ""},
        {.what = "time zones", .names = {"/usr/share/zoneinfo"}, .library = false, .text = ""},
        {.what = "media types", .names = {"/etc/mime.types"}, .library = false, .text = ""},
        {.what = "name service switch",
         .names = {"/etc/nsswitch.conf"},
         .library = false,
         .text = name_service},
        {.what = "protocols", .names = {"/etc/protocols"}, .library = false, .text = protocols},
        {.what = "services", .names = {"/etc/services"}, .library = false, .text = services},
    }};

}  // namespace slimimg::slim::bases
