//! Who owns a group: systemd, a container engine, the kubelet, a virtual machine manager.
//!
//! Owners are told by names, as they really are on hosts: every manager below names its groups by a fixed rule. Two facts are
//! added by whoever knows them: whether systemd manages this host, and which groups on the way systemd has handed over
//! (`user.delegate`, `trusted.delegate`, or `Delegate=` of the unit file). [`layers`] walks a path from the top down and tells
//! every owner on it; [`of`] tells who owns the group at its end. Below the top of a group that was handed over nobody is
//! told: it belongs to what runs in it.
//!
//! Pure: a path, two facts. Not here: what an owner does to foreign changes, and its own commands (`plan::rules::managers`).
use super::bytes::Bytes;

/// cgrove's own group at the top of a v2 host with systemd. It looks like a unit, but systemd does not know it.
pub const OWN_TOP: &[u8] = b"cgrove.slice";

/// Who owns a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owner {
    /// A unit of systemd.
    Unit {
        /// Its name: `nginx.service`.
        name: Bytes,
        /// The user whose own manager it is; `None`: the system's.
        user: Option<u32>,
    },
    /// The kubelet: the groups of all pods, of a class of pods, or of one pod.
    Kubelet,
    /// A container or virtual machine.
    Container {
        /// Who made it.
        engine: Engine,
        /// Its id, or its name where the engine goes by names.
        id: Bytes,
        /// It belongs to a pod: what it may take is the kubelet's to say.
        pod: bool,
    },
    /// The group in which an engine makes its containers.
    Parent(Engine),
}

/// What makes containers and virtual machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// Docker (also `moby`).
    Docker,
    /// Podman (libpod).
    Podman,
    /// containerd, for Kubernetes or nerdctl.
    Containerd,
    /// CRI-O.
    Crio,
    /// LXC, Incus, LXD.
    Lxc,
    /// libvirt.
    Libvirt,
    /// One that only the form of its ids tells.
    Unknown,
}

/// An owner on the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// Who.
    pub owner: Owner,
    /// How many components of the path lead to its group.
    pub depth: usize,
    /// What lies below was handed over.
    pub delegated: bool,
}

/// Who owns the group at the end of a path; see [`layers`]. `None`: nobody that is known.
#[must_use]
pub fn of(parts: &[&[u8]], systemd: bool, delegated: &dyn Fn(usize) -> bool) -> Option<Layer> {
    layers(parts, systemd, delegated).pop().filter(|layer| layer.depth == parts.len() || !layer.delegated)
}

/// Every owner on the way from the top to the group with these components, the nearest last.
///
/// `systemd`: it manages this host. `delegated(n)`: the group after `n` components was handed over by systemd.
#[must_use]
pub fn layers(parts: &[&[u8]], systemd: bool, delegated: &dyn Fn(usize) -> bool) -> Vec<Layer> {
    let mut found: Vec<Layer> = Vec::new();
    let systemd = systemd || parts.first().is_some_and(|name| KNOWN_TOPS.contains(name));
    // Whose units may stand next; `None` inside of a service or scope.
    let mut units: Option<Option<u32>> = (systemd && parts.first() != Some(&OWN_TOP)).then_some(None);
    let mut in_pods = false;
    for (index, &name) in parts.iter().enumerate() {
        let depth = index + 1;
        let parent = index.checked_sub(1).map(|above| parts[above]);
        if let Some(last) = found.last().filter(|last| last.delegated) {
            // Below, what runs there decides, except for the groups that the owner itself makes inside.
            if !is_inner(&last.owner, name) {
                break;
            }
            let layer = Layer { depth, ..last.clone() };
            found.push(layer);
            continue;
        }
        if is_kubelet(name, in_pods) {
            in_pods = true;
            found.push(Layer { owner: Owner::Kubelet, depth, delegated: false });
            continue;
        }
        if let Some((engine, id)) = container(name, parent) {
            let owner = Owner::Container { engine, id: id.into(), pod: in_pods };
            found.push(Layer { owner, depth, delegated: true });
            continue;
        }
        if let Some(engine) = parent_of(name).filter(|_| index == 0) {
            found.push(Layer { owner: Owner::Parent(engine), depth, delegated: false });
            continue;
        }
        let Some(user) = units.filter(|_| is_unit(name)) else {
            // Units stand in slices only.
            units = None;
            continue;
        };
        let owner = Owner::Unit { name: name.into(), user };
        if let Some(uid) = user_manager(name) {
            units = Some(Some(uid));
            found.push(Layer { owner, depth, delegated: false });
        } else if name.ends_with(b".slice") {
            found.push(Layer { owner, depth, delegated: delegated(depth) });
        } else {
            units = None;
            found.push(Layer { owner, depth, delegated: delegated(depth) });
        }
    }
    found
}

/// Top groups that only systemd makes: a container that sees its host's groups tells it by them.
const KNOWN_TOPS: [&[u8]; 5] = [b"system.slice", b"user.slice", b"machine.slice", b"init.scope", b"kubepods.slice"];

/// Whether systemd could have a unit of this name that has a group (systemd.unit(5), `unit_vtable` with `cgroup_context`).
#[must_use]
pub fn is_unit(name: &[u8]) -> bool {
    [&b".slice"[..], b".service", b".scope", b".socket", b".mount", b".swap"]
        .iter()
        .any(|kind| name.len() > kind.len() && name.ends_with(kind))
}

/// The user of `user@UID.service`, below which the user's own manager is the owner.
#[must_use]
pub fn user_manager(name: &[u8]) -> Option<u32> {
    std::str::from_utf8(name.strip_prefix(b"user@")?.strip_suffix(b".service")?).ok()?.parse().ok()
}

/// `kubepods`, `kubepods.slice`, `kubelet-kubepods.slice`, and below: `burstable`, `besteffort`, `podUID`,
/// `kubepods-burstable-podUID.slice`.
fn is_kubelet(name: &[u8], in_pods: bool) -> bool {
    let slice = name.strip_suffix(b".slice");
    let pods = |name: &[u8]| name == b"kubepods" || name.ends_with(b"-kubepods");
    if !in_pods {
        return pods(slice.unwrap_or(name)) || matches!(name, b"kubelet" | b"kubelet.slice");
    }
    slice.is_some()
        || matches!(name, b"burstable" | b"besteffort" | b"guaranteed")
        || (name.starts_with(b"pod") && name.len() > 30)
}

/// A container by the name of its group, and what its engine calls it.
fn container<'a>(name: &'a [u8], parent: Option<&[u8]>) -> Option<(Engine, &'a [u8])> {
    let bare = name.strip_suffix(b".scope").unwrap_or(name);
    let prefixes: [(&[u8], Engine); 7] = [
        (b"docker-", Engine::Docker),
        (b"libpod-conmon-", Engine::Podman),
        (b"libpod-", Engine::Podman),
        (b"cri-containerd-", Engine::Containerd),
        (b"nerdctl-", Engine::Containerd),
        (b"crio-conmon-", Engine::Crio),
        (b"crio-", Engine::Crio),
    ];
    for (prefix, engine) in prefixes {
        if let Some(id) = bare.strip_prefix(prefix).filter(|id| is_id(id)) {
            return Some((engine, id));
        }
    }
    // containerd whose driver is not the kubelet's: `kubepods-…-podUID.slice:cri-containerd:ID`.
    if let Some(id) = name.rsplit(|&byte| byte == b':').next().filter(|id| id.len() < name.len() && is_id(id)) {
        return Some((Engine::Containerd, id));
    }
    if is_id(name) {
        let engine = match parent {
            Some(b"docker" | b"moby") => Engine::Docker,
            Some(b"libpod_parent") => Engine::Podman,
            Some(b"default" | b"k8s.io") => Engine::Containerd,
            _ => Engine::Unknown,
        };
        return Some((engine, name));
    }
    for prefix in [&b"lxc.payload."[..], b"lxc.monitor."] {
        if let Some(id) = name.strip_prefix(prefix).filter(|id| !id.is_empty()) {
            return Some((Engine::Lxc, id));
        }
    }
    match parent {
        Some(b"lxc" | b"lxc.payload" | b"lxc.monitor") => return Some((Engine::Lxc, name)),
        Some(b"machine") if name.ends_with(b".libvirt-qemu") || name.starts_with(b"qemu-") => {
            return Some((Engine::Libvirt, name.strip_suffix(b".libvirt-qemu").unwrap_or(name)));
        }
        _ => {}
    }
    // `machine-qemu\x2d3\x2dweb.scope`: the domain, escaped as systemd escapes a unit's name.
    for prefix in [&br"machine-qemu\x2d"[..], br"machine-lxc\x2d"] {
        if let Some(rest) = bare.strip_prefix(prefix) {
            return Some((Engine::Libvirt, rest));
        }
    }
    None
}

/// An id as every engine makes it: 64 hexadecimal digits.
fn is_id(name: &[u8]) -> bool {
    name.len() == 64 && name.iter().all(u8::is_ascii_hexdigit)
}

fn parent_of(name: &[u8]) -> Option<Engine> {
    match name {
        b"docker" | b"moby" => Some(Engine::Docker),
        b"libpod_parent" => Some(Engine::Podman),
        b"lxc" | b"lxc.payload" | b"lxc.monitor" => Some(Engine::Lxc),
        b"machine" => Some(Engine::Libvirt),
        _ => None,
    }
}

/// Whether the owner makes a group of this name inside of its own.
fn is_inner(owner: &Owner, name: &[u8]) -> bool {
    match owner {
        Owner::Container { engine: Engine::Podman, .. } => matches!(name, b"container" | b"supervisor"),
        Owner::Container { engine: Engine::Libvirt, .. } => {
            matches!(name, b"libvirt" | b"emulator") || name.starts_with(b"vcpu") || name.starts_with(b"iothread")
        }
        _ => false,
    }
}

impl Owner {
    /// The name of the manager.
    #[must_use]
    pub fn manager(&self) -> &'static str {
        match self {
            Self::Unit { .. } => "systemd",
            Self::Kubelet | Self::Container { pod: true, .. } => "the kubelet",
            Self::Container { engine, .. } | Self::Parent(engine) => engine.name(),
        }
    }
}

impl Engine {
    /// Its name in sentences.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::Podman => "podman",
            Self::Containerd => "containerd",
            Self::Crio => "CRI-O",
            Self::Lxc => "LXC",
            Self::Libvirt => "libvirt",
            Self::Unknown => "a container engine",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::bytes::escape;

    const ID: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    /// The owner of a path in words. A component that ends with `!` was handed over.
    fn owner(systemd: bool, path: &str) -> String {
        let path = path.replace("ID", ID);
        let named: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let parts: Vec<&[u8]> = named.iter().map(|part| part.trim_end_matches('!').as_bytes()).collect();
        let Some(layer) = of(&parts, systemd, &|depth| named[depth - 1].ends_with('!')) else { return "-".to_owned() };
        let what = match &layer.owner {
            Owner::Unit { name, user: None } => escape(name),
            Owner::Unit { name, user: Some(uid) } => format!("{} of {uid}", escape(name)),
            Owner::Kubelet => String::new(),
            Owner::Container { id, pod, .. } => {
                let id = if &**id == ID.as_bytes() { "ID".to_owned() } else { escape(id) };
                if *pod { format!("{id} in a pod") } else { id }
            }
            Owner::Parent(_) => "its parent group".to_owned(),
        };
        format!("{} {what}{}", layer.owner.manager(), if layer.delegated { ", handed over" } else { "" })
    }

    #[test]
    fn paths_as_they_are_on_systemd_hosts() {
        let table = [
            ("/system.slice", "systemd system.slice"),
            ("/system.slice/nginx.service", "systemd nginx.service"),
            ("/system.slice/nginx.service/workers", "systemd nginx.service"),
            ("/system.slice/system-getty.slice/getty@tty1.service", "systemd getty@tty1.service"),
            (r"/system.slice/dev-disk-by\x2duuid-a.swap", r"systemd dev-disk-by\\x2duuid-a.swap"),
            ("/init.scope", "systemd init.scope"),
            ("/system.slice/box.service!", "systemd box.service, handed over"),
            ("/system.slice/box.service!/inner", "-"),
            ("/system.slice/box.service!/system.slice/inner.service", "-"),
            ("/user.slice/user-1000.slice/session-3.scope", "systemd session-3.scope"),
            ("/user.slice/user-1000.slice/user@1000.service", "systemd user@1000.service"),
            ("/user.slice/user-1000.slice/user@1000.service/app.slice", "systemd app.slice of 1000"),
            ("/user.slice/user-1000.slice/user@1000.service/app.slice/dbus.service", "systemd dbus.service of 1000"),
            ("/user.slice/user-1000.slice/user@1000.service/app.slice/cgrove-1.scope!/cg1", "-"),
            ("/user.slice/user-0.slice/user@0.service/init.scope", "systemd init.scope of 0"),
            ("/cgrove.slice", "-"),
            ("/cgrove.slice/a.service", "-"),
            ("/mine", "-"),
            ("/mine/a.service", "-"),
        ];
        for (path, expected) in table {
            assert_eq!(owner(true, path).trim_end(), expected, "{path}");
        }
    }

    #[test]
    fn without_systemd_a_name_alone_is_none_of_its_units() {
        assert_eq!(owner(false, "/web.service"), "-");
        assert_eq!(owner(false, "/cg1/x.scope"), "-");
        // But these only systemd makes: a container that sees its host.
        assert_eq!(owner(false, "/system.slice/a.service"), "systemd a.service");
    }

    #[test]
    fn containers_as_they_are_named() {
        let table = [
            ("/system.slice/docker-ID.scope", "docker ID, handed over"),
            ("/system.slice/docker-ID.scope/init.scope", "-"),
            ("/system.slice/docker.service", "systemd docker.service"),
            ("/docker", "docker its parent group"),
            ("/docker/ID", "docker ID, handed over"),
            ("/docker/ID/kubelet.slice", "-"),
            ("/machine.slice/libpod-ID.scope", "podman ID, handed over"),
            ("/machine.slice/libpod-ID.scope/container", "podman ID, handed over"),
            ("/machine.slice/libpod-ID.scope/container/own", "-"),
            ("/machine.slice/libpod-conmon-ID.scope", "podman ID, handed over"),
            ("/libpod_parent/libpod-ID", "podman ID, handed over"),
            ("/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-ID.scope", "podman ID, handed over"),
            ("/system.slice/nerdctl-ID.scope", "containerd ID, handed over"),
            ("/default/ID", "containerd ID, handed over"),
            ("/actions_job/ID", "a container engine ID, handed over"),
            ("/lxc/web", "LXC web, handed over"),
            ("/lxc.payload.web", "LXC web, handed over"),
            ("/lxc.monitor.web", "LXC web, handed over"),
            ("/lxc.payload.web/system.slice", "-"),
            (r"/machine.slice/machine-qemu\x2d3\x2dweb.scope", r"libvirt 3\\x2dweb, handed over"),
            ("/machine/qemu-1-web.libvirt-qemu", "libvirt qemu-1-web, handed over"),
            ("/machine.slice/systemd-nspawn@web.service", "systemd systemd-nspawn@web.service"),
        ];
        for (path, expected) in table {
            assert_eq!(owner(true, path), expected, "{path}");
        }
        assert_eq!(
            owner(true, r"/machine.slice/machine-qemu\x2d3\x2dweb.scope/libvirt/vcpu0"),
            r"libvirt 3\\x2dweb, handed over"
        );
    }

    #[test]
    fn pods_by_either_driver() {
        let pod = "pod5f1c2a3b-1111-2222-3333-444455556666";
        let slice = "kubepods-burstable-pod5f1c2a3b_1111_2222_3333_444455556666.slice";
        let table = [
            ("/kubepods.slice".to_owned(), "the kubelet"),
            ("/kubepods.slice/kubepods-burstable.slice".to_owned(), "the kubelet"),
            (format!("/kubepods.slice/kubepods-burstable.slice/{slice}"), "the kubelet"),
            (
                format!("/kubepods.slice/kubepods-burstable.slice/{slice}/cri-containerd-ID.scope"),
                "the kubelet ID in a pod, handed over",
            ),
            (
                format!("/kubepods.slice/kubepods-burstable.slice/{slice}/crio-ID.scope"),
                "the kubelet ID in a pod, handed over",
            ),
            (format!("/kubepods.slice/kubepods-burstable.slice/{slice}/crio-ID.scope/app"), "-"),
            ("/kubepods".to_owned(), "the kubelet"),
            ("/kubepods/burstable".to_owned(), "the kubelet"),
            (format!("/kubepods/besteffort/{pod}"), "the kubelet"),
            (format!("/kubepods/{pod}/ID"), "the kubelet ID in a pod, handed over"),
            (format!("/kubelet.slice/kubelet-kubepods.slice/kubelet-{slice}"), "the kubelet"),
            (format!("/system.slice/containerd.service/{slice}:cri-containerd:ID"), "containerd ID, handed over"),
            ("/system.slice/kubelet.service".to_owned(), "systemd kubelet.service"),
        ];
        for (path, expected) in table {
            assert_eq!(owner(true, &path).trim_end(), expected, "{path}");
        }
    }

    #[test]
    fn the_top_and_plain_groups_belong_to_nobody_that_is_known() {
        for path in ["/", "/cg1", "/cg1/cg2", "/podium", "/burstable", "/lxcfs", "/dockerd"] {
            assert_eq!(owner(false, path), "-", "{path}");
            assert_eq!(owner(true, path), "-", "{path}");
        }
    }
}
