/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Each rule of the merge by itself. Documents are the children of <domain>. */
#include "xml/merge.h"

#include <string.h>

#define ARGS(args) "<q:commandline>" args "</q:commandline>"
#define ARG(value) "<q:arg value='" value "'/>"
#define VM(text) "<metadata><m:vm xmlns:m='" MVM_XML_NS_MACVM "'>" text "</m:vm></metadata>"

typedef struct {
    const char *name;
    const char *base; /* NULL: no base */
    const char *live;
    const char *new;
    const char *merged;    /* NULL: live */
    const char *conflicts; /* "path|base|live|new" a line; NULL: none */
    const char *forced[3];
} Case;

/* Kinds: the model, type or bus of an element. */
static const Case kind_cases[] = {
    {"replaced-whole",
     "<video><model type='qxl'/></video>",
     "<video><model type='qxl' ram='65536' vram='65536' vgamem='16384' heads='1' primary='yes'/>"
     "<address type='pci' slot='1'/></video>",
     "<video><model type='vmvga'/></video>",
     "<video><model type='vmvga'/></video>",
     NULL,
     {NULL}},
    {"edited-is-a-conflict",
     "<sound model='ich9'/>",
     "<sound model='ich9'><codec type='micro'/></sound>",
     "<sound model='virtio'/>",
     NULL,
     "/domain/sound[@model='virtio']|<sound model=\"ich9\"/>|<sound model=\"ich9\"><codec "
     "type=\"micro\"/></sound>|<sound model=\"virtio\"/>",
     {NULL}},
    {"edited-but-asked-for",
     "<video><model type='qxl'/></video>",
     "<video><model type='qxl' vram='32768'><acceleration accel3d='no'/></model></video>",
     "<video><model type='vmvga'/></video>",
     "<video><model type='vmvga'/></video>",
     NULL,
     {"/domain/video/model/@type"}},
    {"retyped-but-asked-for",
     "<video><model type='vmvga'/></video>",
     "<video><model type='virtio' heads='1'><acceleration accel3d='yes'/></model></video>",
     "<video><model type='vga'/></video>",
     "<video><model type='vga'/></video>",
     NULL,
     {"/domain/video/model/@type"}},
    {"asked-for-again",
     "<video><model type='vga'/></video>",
     "<video><model type='virtio' heads='1'/></video>",
     "<video><model type='vga'/></video>",
     "<video><model type='vga'/></video>",
     NULL,
     {"/domain/video/model/@type"}},
    {"screen-memory-grows",
     "<video><model type='vmvga'/></video>",
     "<video><model type='vmvga' vram='16384' heads='1'/></video>",
     "<video><model type='vmvga' vram='65536'/></video>",
     "<video><model type='vmvga' vram='65536' heads='1'/></video>",
     NULL,
     {NULL}},
    {"memory-of-a-screen-edited",
     "<video><model type='vmvga'/></video>",
     "<video><model type='vmvga' vram='131072' heads='1'/></video>",
     "<video><model type='vmvga' vram='65536'/></video>",
     NULL,
     "/domain/video/model/@vram|(none)|131072|65536",
     {NULL}},
    {"tablet-moved",
     "<input type='tablet' bus='usb'/>",
     "<input type='tablet' bus='usb'><address type='usb' port='2'/></input><input type='mouse' "
     "bus='ps2'/>",
     "<input type='tablet' bus='virtio'><address type='pci' slot='8'/></input>",
     "<input type='tablet' bus='virtio'><address type='pci' slot='8'/></input><input type='mouse' "
     "bus='ps2'/>",
     NULL,
     {NULL}},
    {"tablet-removed-and-moved",
     "<input type='tablet' bus='usb'/>",
     "<input type='mouse' bus='ps2'/>",
     "<input type='tablet' bus='virtio'/>",
     NULL,
     "/domain/input[@bus='virtio']|<input type=\"tablet\" bus=\"usb\"/>|(none)|<input "
     "type=\"tablet\" bus=\"virtio\"/>",
     {NULL}},
    {"tablet-stays-removed",
     "<input type='tablet' bus='usb'/>",
     "<input type='mouse' bus='ps2'/>",
     "<input type='tablet' bus='usb'/>",
     NULL,
     NULL,
     {NULL}},
    {"tablet-moved-by-both",
     "<input type='tablet' bus='usb'/>",
     "<input type='tablet' bus='virtio'><address slot='9'/></input>",
     "<input type='tablet' bus='virtio'/>",
     NULL,
     NULL,
     {NULL}},
    {"keyboard-is-not-the-other",
     "<input type='keyboard' bus='usb'/>",
     "<input type='keyboard' bus='ps2'/>",
     "<input type='keyboard' bus='virtio'/>",
     NULL,
     "/domain/input[@bus='virtio']|<input type=\"keyboard\" bus=\"usb\"/>|(none)|<input "
     "type=\"keyboard\" bus=\"virtio\"/>",
     {NULL}},
    {"graphics-removed-and-changed",
     "<graphics type='vnc'/>",
     NULL,
     "<graphics type='spice'/>",
     NULL,
     "/domain/graphics[@type='spice']|<graphics type=\"vnc\"/>|(none)|<graphics "
     "type=\"spice\"/>",
     {NULL}},
    {"disk-keeps-what-was-edited",
     "<disk><driver type='qcow2'/><source file='/a'/><target dev='sdc' bus='sata'/></disk>",
     "<disk><driver type='qcow2' cache='none'/><source file='/a'/><target dev='sdc' bus='sata'/>"
     "<address type='drive' unit='2'/></disk>",
     "<disk><driver type='qcow2'/><source file='/a'/><target dev='vda' bus='virtio'/></disk>",
     "<disk><driver type='qcow2' cache='none'/><source file='/a'/><target dev='vda' bus='virtio'/>"
     "</disk>",
     NULL,
     {NULL}},
    {"disk-removed-and-moved",
     "<disk><source file='/a'/><target dev='sdc' bus='sata'/></disk>",
     NULL,
     "<disk><source file='/a'/><target dev='vda' bus='virtio'/></disk>",
     NULL,
     "/domain/disk[target/@dev='vda']|<disk><source file=\"/a\"/><target dev=\"sdc\" "
     "bus=\"sata\"/></disk>|(none)|<disk><source file=\"/a\"/><target dev=\"vda\" "
     "bus=\"virtio\"/></disk>",
     {NULL}},
    {"cpu-loses-what-libvirt-added",
     "<cpu mode='host-passthrough'><topology cores='2'/></cpu>",
     "<cpu mode='host-passthrough' migratable='on'><topology cores='1' dies='1'/></cpu>",
     "<cpu mode='custom'><model>Penryn</model><topology cores='2'/></cpu>",
     "<cpu mode='custom'><topology cores='1'/><model>Penryn</model></cpu>",
     NULL,
     {NULL}},
    {"firmware-loses-what-libvirt-added",
     "<os><loader type='pflash'>/a</loader><nvram template='/va'/></os>",
     "<os firmware='efi'><firmware><feature enabled='no' name='secure-boot'/></firmware><loader "
     "type='pflash' format='raw'>/a</loader><nvram template='/va' templateFormat='raw' "
     "format='raw'>/var/lib/libvirt/qemu/nvram/m_VARS.fd</nvram></os>",
     "<os><loader type='pflash'>/b</loader><nvram template='/vb'/></os>",
     "<os><loader type='pflash'>/b</loader><nvram template='/vb'>"
     "/var/lib/libvirt/qemu/nvram/m_VARS.fd</nvram></os>",
     NULL,
     {NULL}},
    {"forward-changed-by-both",
     "<interface type='user'><portForward proto='tcp' address='1'><range start='2222' to='22'/>"
     "</portForward></interface>",
     "<interface type='user'><portForward proto='tcp' address='1'><range start='2299' to='22'/>"
     "</portForward></interface>",
     "<interface type='user'><portForward proto='tcp' address='1'><range start='2300' to='22'/>"
     "</portForward></interface>",
     NULL,
     "/domain/interface/portForward[@address='1']/range[@to='22']/@start|2222|2299|2300",
     {NULL}},
    {"forward-has-no-place",
     "<interface type='user'><portForward proto='tcp'/></interface>",
     "<interface type='bridge'><source bridge='br0'/></interface>",
     "<interface type='user'><portForward proto='tcp'/></interface>",
     NULL,
     "/domain/interface/portForward|<portForward proto=\"tcp\"/>|(none)|<portForward "
     "proto=\"tcp\"/>",
     {"/domain/interface/portForward"}},
};

static const Case value_cases[] = {
    {"macvm-unchanged",
     "<title>a</title>",
     "<title>user</title>",
     "<title>a</title>",
     NULL,
     NULL,
     {NULL}},
    {"macvm-changed",
     "<title>a</title>",
     "<title> a </title>",
     "<title>b &amp; c</title>",
     "<title>b &amp; c</title>",
     NULL,
     {NULL}},
    {"both-same", "<title>a</title>", "<title>b</title>", "<title>b</title>", NULL, NULL, {NULL}},
    {"both-differ",
     "<title>a</title>",
     "<title>u</title>",
     "<title>b</title>",
     NULL,
     "/domain/title|a|u|b",
     {NULL}},
    {"attribute-changed",
     "<a x='1' y='1'/>",
     "<a x='1' y='2' z='3'/>",
     "<a x='9' y='1'/>",
     "<a x='9' y='2' z='3'/>",
     NULL,
     {NULL}},
    {"attribute-added", "<a/>", "<a z='1'/>", "<a x='1'/>", "<a z='1' x='1'/>", NULL, {NULL}},
    {"attribute-added-by-both",
     "<a/>",
     "<a x='2'/>",
     "<a x='1'/>",
     NULL,
     "/domain/a/@x|(none)|2|1",
     {NULL}},
    {"attribute-dropped", "<a x='1'/>", "<a x='1' y='2'/>", "<a/>", "<a y='2'/>", NULL, {NULL}},
    {"attribute-dropped-edited",
     "<a x='1'/>",
     "<a x='2'/>",
     "<a/>",
     NULL,
     "/domain/a/@x|1|2|(none)",
     {NULL}},
    {"attribute-user-removed", "<a x='1'/>", "<a/>", "<a x='1'/>", NULL, NULL, {NULL}},
    {"attribute-user-removed-changed",
     "<a x='1'/>",
     "<a/>",
     "<a x='2'/>",
     NULL,
     "/domain/a/@x|1|(none)|2",
     {NULL}},
    {"password-hidden",
     "<graphics type='vnc'/>",
     "<graphics type='vnc' passwd='s'/>",
     "<graphics type='vnc' passwd='t'/>",
     NULL,
     "/domain/graphics[@type='vnc']/@passwd|(none)|(hidden)|(hidden)",
     {NULL}},
    {"size-units",
     "<memory unit='MiB'>4096</memory>",
     "<memory unit='KiB'>4194304</memory>",
     "<memory unit='GiB'>8</memory>",
     "<memory unit='GiB'>8</memory>",
     NULL,
     {NULL}},
    {"size-same",
     "<memory unit='MiB'>4096</memory>",
     "<memory>4194304</memory>",
     "<memory unit='GiB'>4</memory>",
     NULL,
     NULL,
     {NULL}},
    {"size-edited",
     "<memory unit='MiB'>4096</memory>",
     "<memory unit='KiB'>2097152</memory>",
     "<memory unit='MiB'>8192</memory>",
     NULL,
     "/domain/memory|4096 MiB|2097152 KiB|8192 MiB",
     {NULL}},
    {"balloon-follows",
     "<memory unit='MiB'>4</memory>",
     "<memory unit='KiB'>4096</memory><currentMemory unit='KiB'>4096</currentMemory>",
     "<memory unit='MiB'>8</memory>",
     "<memory unit='MiB'>8</memory><currentMemory unit='MiB'>8</currentMemory>",
     NULL,
     {NULL}},
    {"balloon-of-user-stays",
     "<memory unit='MiB'>4</memory>",
     "<memory unit='KiB'>4096</memory><currentMemory unit='KiB'>2048</currentMemory>",
     "<memory unit='MiB'>8</memory>",
     "<memory unit='MiB'>8</memory><currentMemory unit='KiB'>2048</currentMemory>",
     NULL,
     {NULL}},
    {"machine-alias",
     "<os><type machine='q35'>hvm</type></os>",
     "<os><type machine='pc-q35-7.2'>hvm</type></os>",
     "<os><type machine='pc-q35-8.0'>hvm</type></os>",
     "<os><type machine='pc-q35-8.0'>hvm</type></os>",
     NULL,
     {NULL}},
    {"machine-stays",
     "<os><type machine='q35'>hvm</type></os>",
     "<os><type machine='pc-q35-7.2'>hvm</type></os>",
     "<os><type machine='q35'>hvm</type></os>",
     NULL,
     NULL,
     {NULL}},
    {"machine-other",
     "<os><type machine='q35'>hvm</type></os>",
     "<os><type machine='pc-i440fx-7.2'>hvm</type></os>",
     "<os><type machine='pc-q35-8.0'>hvm</type></os>",
     NULL,
     "/domain/os/type/@machine|q35|pc-i440fx-7.2|pc-q35-8.0",
     {NULL}},
    {"hexadecimal",
     "<address slot='0xa' bus='0'/>",
     "<address slot='0x0a' bus='0x00'/>",
     "<address slot='11' bus='0'/>",
     "<address slot='11' bus='0x00'/>",
     NULL,
     {NULL}},
    {"leading-zero-counts",
     "<a serial='10'/>",
     "<a serial='010'/>",
     "<a serial='11'/>",
     NULL,
     "/domain/a/@serial|10|010|11",
     {NULL}},
    {"mac-case",
     "<interface type='user'><mac address='52:54:00:AA:BB:CC'/></interface>",
     "<interface type='user'><mac address='52:54:00:aa:bb:cc'/></interface>",
     "<interface type='user'><mac address='52:54:00:AA:BB:CC'/><mtu size='9000'/></interface>",
     "<interface type='user'><mac address='52:54:00:aa:bb:cc'/><mtu size='9000'/></interface>",
     NULL,
     {NULL}},
    {"nvram-path-of-libvirt",
     "<os><nvram template='/a'/></os>",
     "<os><nvram template='/a'>/var/lib/libvirt/qemu/nvram/x_VARS.fd</nvram></os>",
     "<os/>",
     "<os/>",
     NULL,
     {NULL}},
    {"nvram-path-of-user",
     "<os><nvram template='/a'/></os>",
     "<os><nvram template='/a'>/mine.fd</nvram></os>",
     "<os/>",
     NULL,
     "/domain/os/nvram|<nvram template=\"/a\"/>|<nvram template=\"/a\">/mine.fd</nvram>|(none)",
     {NULL}},
    {"name-and-uuid-are-lives",
     "<name>a</name><uuid>1</uuid>",
     "<name>b</name><uuid>2</uuid>",
     "<name>c</name><uuid>3</uuid>",
     NULL,
     NULL,
     {NULL}},
};

static const Case element_cases[] = {
    {"added",
     "<name>n</name><on_crash>x</on_crash>",
     "<name>n</name><emulator/><on_crash>x</on_crash>",
     "<name>n</name><title>t</title><on_crash>x</on_crash>",
     "<name>n</name><title>t</title><emulator/><on_crash>x</on_crash>",
     NULL,
     {NULL}},
    {"added-at-end", "", "<u/>", "<n/>", "<u/><n/>", NULL, {NULL}},
    {"added-by-both-equal", "", "<u/><n a='1' b='2'/>", "<n a='1'/>", NULL, NULL, {NULL}},
    {"added-by-both",
     "",
     "<disk><source file='/u'/><target dev='sdb'/></disk>",
     "<disk><source file='/n'/><target dev='sdb'/></disk>",
     NULL,
     "/domain/disk[target/@dev='sdb']/source/@file|(none)|/u|/n",
     {NULL}},
    {"dropped",
     "<disk><target dev='sdb'/></disk><a/>",
     "<disk><target dev='sdb'/><address type='drive'/><alias name='x'/></disk><a/>",
     "<a/>",
     "<a/>",
     NULL,
     {NULL}},
    {"dropped-edited",
     "<disk><target dev='sdb'/></disk>",
     "<disk><target dev='sdb'/><driver cache='none'/></disk>",
     "",
     NULL,
     "/domain/disk[target/@dev='sdb']|<disk><target dev=\"sdb\"/></disk>|"
     "<disk><target dev=\"sdb\"/><driver cache=\"none\"/></disk>|(none)",
     {NULL}},
    {"dropped-part-removed-by-user",
     "<disk><target dev='sdb'/><boot order='1'/></disk>",
     "<disk><target dev='sdb'/></disk>",
     "",
     NULL,
     "/domain/disk[target/@dev='sdb']|<disk><target dev=\"sdb\"/><boot order=\"1\"/></disk>|"
     "<disk><target dev=\"sdb\"/></disk>|(none)",
     {NULL}},
    {"dropped-by-both", "<a/><b/>", "<a/>", "<a/>", NULL, NULL, {NULL}},
    {"user-removed", "<sound model='ich9'/>", "", "<sound model='ich9'/>", NULL, NULL, {NULL}},
    {"user-removed-macvm-changed",
     "<sound model='ich9'/>",
     "",
     "<sound model='ich9'><codec type='micro'/></sound>",
     NULL,
     "/domain/sound[@model='ich9']|<sound model=\"ich9\"/>|(none)|"
     "<sound model=\"ich9\"><codec type=\"micro\"/></sound>",
     {NULL}},
    {"users-own-stay",
     "<a/>",
     "<!-- note --><u:x xmlns:u='urn:u' u:y='1'/><a/><hostdev/>",
     "<a b='1'/>",
     "<!-- note --><u:x xmlns:u='urn:u' u:y='1'/><a b='1'/><hostdev/>",
     NULL,
     {NULL}},
    {"keyed-in-other-order",
     "<timer name='rtc' x='1'/><timer name='pit' x='1'/>",
     "<timer name='pit' x='1'/><timer name='rtc' x='1'/>",
     "<timer name='rtc' x='1'/><timer name='pit' x='2'/>",
     "<timer name='pit' x='2'/><timer name='rtc' x='1'/>",
     NULL,
     {NULL}},
    {"controller-without-index",
     "<controller type='usb' model='a'/>",
     "<controller type='pci' index='0'/><controller type='usb' index='0' model='a'/>",
     "<controller type='usb' model='b'/>",
     "<controller type='pci' index='0'/><controller type='usb' model='b'/>",
     NULL,
     {NULL}},
    {"interface-without-mac",
     "<interface type='user'><model type='a'/></interface>",
     "<interface type='user'><mac address='1'/><model type='a'/></interface>",
     "<interface type='user'><model type='b'/></interface>",
     "<interface type='user'><mac address='1'/><model type='b'/></interface>",
     NULL,
     {NULL}},
    {"by-order",
     "<video><model heads='1'/></video>",
     "<video><model heads='1'/></video><video><model heads='7'/></video>",
     "<video><model heads='2'/></video>",
     "<video><model heads='2'/></video><video><model heads='7'/></video>",
     NULL,
     {NULL}},
    {"disk-moved-by-user",
     "<disk><source file='/a'/><target dev='sdc'/></disk>",
     "<disk><source file='/a'/><target dev='vda'/></disk>",
     "<disk><source file='/a'/><target dev='sdc'/></disk>",
     NULL,
     NULL,
     {NULL}},
    {"retyped-stays",
     "<interface type='network'><source network='d'/></interface>",
     "<interface type='bridge'><source bridge='b'/></interface>",
     "<interface type='network'><source network='d'/></interface>",
     NULL,
     NULL,
     {NULL}},
    {"retyped-conflict",
     "<x type='network'><source network='d'/></x>",
     "<x type='bridge'><source bridge='b'/></x>",
     "<x type='network'><source network='e'/></x>",
     NULL,
     "/domain/x|<x type=\"network\"><source network=\"d\"/></x>|"
     "<x type=\"bridge\"><source bridge=\"b\"/></x>|"
     "<x type=\"network\"><source network=\"e\"/></x>",
     {NULL}},
    {"no-base",
     NULL,
     "<memory>1</memory><u/>",
     "<memory>1</memory><n/>",
     "<memory>1</memory><n/><u/>",
     NULL,
     {NULL}},
    {"no-base-differs",
     NULL,
     "<title>a</title><u/>",
     "<title>b</title>",
     NULL,
     "/domain/title|(none)|a|b",
     {NULL}},
    {"own-metadata-replaced", VM("old"), VM("edited"), VM("new"), VM("new"), NULL, {NULL}},
    {"own-metadata-kept", "", VM("live"), "", NULL, NULL, {NULL}},
    {"foreign-metadata-kept",
     "<metadata/>",
     "<metadata><u:x xmlns:u='urn:u'>1</u:x></metadata>",
     VM("new"),
     "<metadata><u:x xmlns:u='urn:u'>1</u:x><m:vm xmlns:m='" MVM_XML_NS_MACVM
     "'>new</m:vm></metadata>",
     NULL,
     {NULL}},
    {"metadata-dropped-by-libvirt",
     "<a/><metadata/>",
     "<a/>",
     "<a/>" VM("new"),
     "<a/>" VM("new"),
     NULL,
     {NULL}},
};

static const Case arg_cases[] = {
    {"value",
     ARGS(ARG("-netdev") ARG("user,id=n,hostfwd=1")),
     ARGS(ARG("-user") ARG("-netdev") ARG("user,id=n,hostfwd=1") ARG("-x")),
     ARGS(ARG("-netdev") ARG("user,id=n,hostfwd=2")),
     ARGS(ARG("-user") ARG("-netdev") ARG("user,id=n,hostfwd=2") ARG("-x")),
     NULL,
     {NULL}},
    {"edited",
     ARGS(ARG("-netdev") ARG("user,id=n,hostfwd=1")),
     ARGS(ARG("-netdev") ARG("user,id=n,hostfwd=7")),
     ARGS(ARG("-netdev") ARG("user,id=n,hostfwd=2")),
     NULL,
     "/domain/qemu:commandline/-netdev n|-netdev user,id=n,hostfwd=1|"
     "-netdev user,id=n,hostfwd=7|-netdev user,id=n,hostfwd=2",
     {NULL}},
    {"osk-hidden",
     ARGS(ARG("-device") ARG("isa-applesmc,osk=a")),
     ARGS(ARG("-device") ARG("isa-applesmc,osk=b")),
     ARGS(ARG("-device") ARG("isa-applesmc,osk=c")),
     NULL,
     "/domain/qemu:commandline/-device isa-applesmc|osk=(hidden)|osk=(hidden)|osk=(hidden)",
     {NULL}},
    {"json-id",
     ARGS(ARG("-device") ARG("{\"driver\":\"d\",\"id\":\"i\",\"x\":1}")),
     ARGS(ARG("-device") ARG("{\"driver\":\"d\",\"id\":\"u\"}") ARG("-device")
              ARG("{\"driver\":\"d\",\"id\":\"i\",\"x\":1}")),
     ARGS(ARG("-device") ARG("{\"driver\":\"d\",\"id\":\"i\",\"x\":2}")),
     ARGS(ARG("-device") ARG("{\"driver\":\"d\",\"id\":\"u\"}") ARG("-device")
              ARG("{\"driver\":\"d\",\"id\":\"i\",\"x\":2}")),
     NULL,
     {NULL}},
    {"json-driver",
     ARGS(ARG("-device") ARG("{\"driver\":\"d\",\"x\":1}")),
     ARGS(ARG("-device") ARG("e") ARG("-device") ARG("{\"driver\":\"d\",\"x\":1}")),
     ARGS(ARG("-device") ARG("{\"driver\":\"d\",\"x\":2}")),
     ARGS(ARG("-device") ARG("e") ARG("-device") ARG("{\"driver\":\"d\",\"x\":2}")),
     NULL,
     {NULL}},
    {"global-by-property",
     ARGS(ARG("-global") ARG("a.b=1") ARG("-global") ARG("a.c=1")),
     ARGS(ARG("-global") ARG("a.c=1") ARG("-global") ARG("a.b=1")),
     ARGS(ARG("-global") ARG("a.b=2") ARG("-global") ARG("a.c=1")),
     ARGS(ARG("-global") ARG("a.c=1") ARG("-global") ARG("a.b=2")),
     NULL,
     {NULL}},
    {"added-in-order",
     ARGS(ARG("-a") ARG("-c")),
     ARGS(ARG("-u") ARG("-a") ARG("-c")),
     ARGS(ARG("-a") ARG("-b") ARG("1") ARG("-c")),
     ARGS(ARG("-u") ARG("-a") ARG("-b") ARG("1") ARG("-c")),
     NULL,
     {NULL}},
    {"all-new",
     "<a/>",
     "<a/>",
     "<a/>" ARGS(ARG("-b") ARG("1")),
     "<a/>" ARGS(ARG("-b") ARG("1")),
     NULL,
     {NULL}},
    {"all-dropped",
     "<a/>" ARGS(ARG("-b") ARG("1")),
     "<a/>" ARGS(ARG("-b") ARG("1")),
     "<a/>",
     "<a/>",
     NULL,
     {NULL}},
    {"dropped-beside-users",
     ARGS(ARG("-b") ARG("1")),
     ARGS(ARG("-u") ARG("-b") ARG("1")),
     "",
     ARGS(ARG("-u")),
     NULL,
     {NULL}},
    {"dropped-edited",
     ARGS(ARG("-b") ARG("1")),
     ARGS(ARG("-b") ARG("2")),
     "",
     NULL,
     "/domain/qemu:commandline/-b|-b 1|-b 2|(none)",
     {NULL}},
    {"user-removed", ARGS(ARG("-b") ARG("1")), "", ARGS(ARG("-b") ARG("1")), NULL, NULL, {NULL}},
    {"user-removed-macvm-changed",
     ARGS(ARG("-b") ARG("1")),
     "",
     ARGS(ARG("-b") ARG("2")),
     NULL,
     "/domain/qemu:commandline/-b|-b 1|(none)|-b 2",
     {NULL}},
    {"twin-of-user",
     ARGS(ARG("-d") ARG("m")),
     ARGS(ARG("-d") ARG("u") ARG("-d") ARG("m")),
     ARGS(ARG("-d") ARG("n")),
     ARGS(ARG("-d") ARG("u") ARG("-d") ARG("n")),
     NULL,
     {NULL}},
    {"environment",
     ARGS("<q:env name='A' value='1'/>"),
     ARGS(ARG("-u") "<q:env name='B' value='1'/><q:env name='A' value='1'/>"),
     ARGS("<q:env name='A' value='2'/>"),
     ARGS(ARG("-u") "<q:env name='B' value='1'/><q:env name='A' value='2'/>"),
     NULL,
     {NULL}},
};

static const Case forced_cases[] = {
    {"leaf",
     "<title>a</title>",
     "<title>u</title>",
     "<title>a</title>",
     "<title>a</title>",
     NULL,
     {"/domain/title"}},
    {"leaf-in-conflict",
     "<title>a</title>",
     "<title>u</title>",
     "<title>b</title>",
     "<title>b</title>",
     NULL,
     {"/domain/title"}},
    {"attribute-only",
     "<a x='1' y='1'/>",
     "<a x='2' y='2'/>",
     "<a x='1' y='1'/>",
     "<a x='1' y='2'/>",
     NULL,
     {"/domain/a/@x"}},
    {"below",
     "<a x='1'><b y='1'/></a>",
     "<a x='2'><b y='2' z='3'/></a>",
     "<a x='1'><b y='1'/></a>",
     "<a x='1'><b y='1' z='3'/></a>",
     NULL,
     {"/domain/a"}},
    {"size",
     "<memory unit='MiB'>1</memory>",
     "<memory unit='KiB'>2048</memory>",
     "<memory unit='MiB'>1</memory>",
     "<memory unit='MiB'>1</memory>",
     NULL,
     {"/domain/memory"}},
    {"removed-element",
     "<a/><sound model='x'/>",
     "<a/>",
     "<a/><sound model='x'/>",
     "<a/><sound model='x'/>",
     NULL,
     {"/domain/sound"}},
    {"removed-parent",
     "<d><e f='1'/></d>",
     "",
     "<d><e f='1'/></d>",
     "<d><e f='1'/></d>",
     NULL,
     {"/domain/d/e/@f"}},
    {"option",
     ARGS(ARG("-n") ARG("1")),
     ARGS(ARG("-n") ARG("2")),
     ARGS(ARG("-n") ARG("1")),
     ARGS(ARG("-n") ARG("1")),
     NULL,
     {"/domain/qemu:commandline/qemu:arg[2]/@value"}},
    {"retyped",
     "<x type='a'/>",
     "<x type='b' k='1'/>",
     "<x type='a'/>",
     "<x type='a'/>",
     NULL,
     {"/domain/x"}},
    {"part-of-retyped",
     "<x type='a' p='1'/>",
     "<x type='b' k='1'/>",
     "<x type='a' p='1'/>",
     NULL,
     "/domain/x/@p|1|(none)|1",
     {"/domain/x/@p"}},
    {"others-still-conflict",
     "<a>1</a><b>1</b>",
     "<a>2</a><b>2</b>",
     "<a>3</a><b>3</b>",
     NULL,
     "/domain/b|1|2|3",
     {"/domain/a"}},
};

static xmlDoc *
domain(const char *children)
{
    g_autofree char *text = g_strdup_printf("<domain xmlns:q='%s'>%s</domain>", MVM_XML_NS_QEMU,
                                            children == NULL ? "" : children);
    g_autoptr(GError) error = NULL;
    xmlDoc *doc = mvm_xml_parse(text, strlen(text), "test", &error);

    g_assert_no_error(error);
    return doc;
}

static MvmMergeResult *
merge(const Case *c, MvmMergePolicy policy)
{
    g_autoptr(xmlDoc) base = c->base == NULL ? NULL : domain(c->base);
    g_autoptr(xmlDoc) live = domain(c->live);
    g_autoptr(xmlDoc) new = domain(c->new);
    MvmMergeInput input = {base, live, new, policy, c->forced};

    return mvm_merge(&input);
}

static char *
list_conflicts(const MvmMergeResult *result)
{
    GString *text = g_string_new(NULL);

    for (unsigned i = 0; i < result->conflicts->len; i++) {
        const MvmMergeConflict *conflict = result->conflicts->pdata[i];

        g_string_append_printf(text, "%s%s|%s|%s|%s", i == 0 ? "" : "\n", conflict->path,
                               conflict->base, conflict->live, conflict->new);
    }
    return g_string_free(text, FALSE);
}

/* Where paths are written with the document's prefix. */
static char *
with_prefix(const char *conflicts)
{
    g_auto(GStrv) parts = g_strsplit(conflicts == NULL ? "" : conflicts, "qemu:", -1);

    return g_strjoinv("q:", parts);
}

static void
test_case(const void *data)
{
    const Case *c = data;
    const char *expected = c->merged == NULL ? c->live : c->merged;
    g_autoptr(xmlDoc) doc = domain(expected);
    g_autofree char *text = mvm_xml_to_text(doc);
    g_autoptr(MvmMergeResult) result = merge(c, MVM_MERGE_STOP);
    g_autofree char *merged = mvm_xml_to_text(result->merged);
    g_autofree char *conflicts = list_conflicts(result);
    g_autofree char *wanted = with_prefix(c->conflicts);
    g_autoptr(xmlDoc) before = domain(c->live);

    g_assert_cmpstr(conflicts, ==, wanted);
    g_assert_cmpstr(merged, ==, text);
    g_assert_cmpint(result->changed, ==,
                    !mvm_xml_equal(xmlDocGetRootElement(doc), xmlDocGetRootElement(before)));
}

/* With a policy nothing is left in conflict: LIVE leaves a leaf in conflict alone, NEW does not. */
static void
test_policy(const void *data)
{
    const Case *c = data;
    g_autoptr(MvmMergeResult) live = merge(c, MVM_MERGE_LIVE);
    g_autoptr(MvmMergeResult) new = merge(c, MVM_MERGE_NEW);
    bool conflict = c->conflicts != NULL;

    g_assert_cmpuint(live->conflicts->len, ==, 0);
    g_assert_cmpuint(new->conflicts->len, ==, 0);
    if (conflict && c->forced[0] == NULL)
        g_assert_false(live->changed);
    if (conflict)
        g_assert_true(new->changed);
}

/* A base that is not a domain is no base. */
static void
test_foreign_base(void)
{
    g_autoptr(xmlDoc) base = mvm_xml_new("network");
    g_autoptr(xmlDoc) live = domain("<a/>");
    g_autoptr(xmlDoc) new = domain("<a/><b/>");
    MvmMergeInput input = {base, live, new, MVM_MERGE_STOP, NULL};
    g_autoptr(MvmMergeResult) result = mvm_merge(&input);

    g_assert_true(mvm_xml_equal(xmlDocGetRootElement(result->merged), xmlDocGetRootElement(new)));
}

/* A namespace that live does not declare comes along with what is added. */
static void
test_namespace_comes_along(void)
{
    const char *text = "<domain><a/></domain>";
    g_autoptr(xmlDoc) live = mvm_xml_parse(text, strlen(text), "test", NULL);
    g_autoptr(xmlDoc) new = domain("<a/>" ARGS(ARG("-b")));
    MvmMergeInput input = {NULL, live, new, MVM_MERGE_STOP, NULL};
    g_autoptr(MvmMergeResult) result = mvm_merge(&input);
    g_autofree char *merged = mvm_xml_to_text(result->merged);
    g_autoptr(xmlDoc) again = mvm_xml_parse(merged, strlen(merged), "merged", NULL);
    g_autofree char *value = mvm_xml_get(again, "/domain/qemu:commandline/qemu:arg/@value");

    g_assert_cmpstr(value, ==, "-b");
}

static void
add_cases(const char *group, const Case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        g_autofree char *rule = g_strdup_printf("/%s/%s", group, cases[i].name);
        g_autofree char *policy = g_strdup_printf("/policy/%s/%s", group, cases[i].name);

        g_test_add_data_func(rule, &cases[i], test_case);
        g_test_add_data_func(policy, &cases[i], test_policy);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add_cases("value", value_cases, G_N_ELEMENTS(value_cases));
    add_cases("element", element_cases, G_N_ELEMENTS(element_cases));
    add_cases("option", arg_cases, G_N_ELEMENTS(arg_cases));
    add_cases("kind", kind_cases, G_N_ELEMENTS(kind_cases));
    add_cases("forced", forced_cases, G_N_ELEMENTS(forced_cases));
    g_test_add_func("/foreign-base", test_foreign_base);
    g_test_add_func("/namespace-comes-along", test_namespace_comes_along);
    return g_test_run();
}
