//! Where a request comes from, when proxies stand in between.

use axum::http::HeaderMap;
use std::net::{IpAddr, Ipv6Addr};

/// The client's address: counted from the right of `X-Forwarded-For` by the number of proxies we run, because anything
/// further left was written by the client. With fewer entries than proxies, the connection's own address is used.
pub fn client(headers: &HeaderMap, peer: IpAddr, proxies: usize) -> IpAddr {
    if proxies == 0 {
        return peer;
    }
    let chain: Vec<&str> = headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|h| h.to_str().ok())
        .flat_map(|h| h.split(','))
        .map(str::trim)
        .collect();
    chain
        .len()
        .checked_sub(proxies)
        .and_then(|i| chain.get(i))
        .and_then(|a| a.parse().ok())
        .unwrap_or(peer)
}

/// The address that limits count by: IPv4 as it is, IPv6 by its /64, which one household gets whole.
pub fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => IpAddr::V4(v4),
            None => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX))),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn only_what_our_own_proxies_wrote_is_believed() {
        let peer: IpAddr = "10.0.0.1".parse().unwrap();
        let mut h = HeaderMap::new();
        h.insert(
            "x-forwarded-for",
            HeaderValue::from_static("6.6.6.6, 203.0.113.9, 10.0.0.2"),
        );
        assert_eq!(client(&h, peer, 0), peer);
        assert_eq!(client(&h, peer, 1).to_string(), "10.0.0.2");
        assert_eq!(client(&h, peer, 2).to_string(), "203.0.113.9");
        assert_eq!(client(&h, peer, 9), peer);
        h.insert("x-forwarded-for", HeaderValue::from_static("rubbish"));
        assert_eq!(client(&h, peer, 1), peer);
    }

    #[test]
    fn an_ipv6_household_is_one_caller() {
        let n = |s: &str| network(s.parse().unwrap()).to_string();
        assert_eq!(n("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(n("::ffff:192.0.2.1"), "192.0.2.1");
        assert_eq!(n("192.0.2.1"), "192.0.2.1");
    }
}
