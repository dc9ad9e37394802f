/* SPDX-License-Identifier: Apache-2.0 */
/* Every field of every record, listed once: number on the wire, symbol, name in JSON and CSV, type,
 * unit, the kinds that may carry it, and what it means.  Codec, JSON and the data dictionary
 * (docs/data-dictionary.md) are made from this list.
 *
 * Numbers are never reused or changed.  Absent means unknown: a sentinel of a modem, a value that
 * was not measured and a value that does not exist are all left out, and never written as 0. */
#ifndef CORE_FIELDS_H
#define CORE_FIELDS_H

/* clang-format off */
#define RECORD_KINDS(X)                                                                                                \
	X(1, SIGNAL, "signal", "what the modem receives now")                                                          \
	X(2, OPERATORS, "operators", "one cell seen in a survey of all operators, or an empty survey")                 \
	X(3, ACCESS, "access", "a transition of the access state, or a heartbeat that repeats it")                     \
	X(4, LATENCY, "latency", "round trips to one target")                                                          \
	X(5, THROUGHPUT, "throughput", "one direction of one capacity test")                                           \
	X(6, IPV6, "ipv6", "what works over each address family")                                                      \
	X(7, DNS, "dns", "one question to one resolver")                                                               \
	X(8, SERVICE, "service", "one request to a public service, by phases")                                         \
	X(9, PASSIVE, "passive", "the line's own traffic, no payload and no addresses kept")                           \
	X(10, HEALTH, "health", "the device itself")                                                                   \
	X(11, GAP, "gap", "records that were made and had to be dropped, or numbers that were skipped")                \
	X(12, EVENT, "event", "what the agent did or noticed beside measuring: a recovery, an order, a cut of its plan")

#define K(kind) (1u << RECORD_##kind)
#define K_RADIO (K(SIGNAL) | K(OPERATORS) | K(ACCESS))
#define K_START (K(THROUGHPUT) | K(LATENCY) | K(SERVICE))
#define K_LOADED K(THROUGHPUT)
#define K_NET (K(LATENCY) | K(THROUGHPUT) | K(IPV6) | K(DNS) | K(SERVICE))
#define K_ANY 0xffffffffu

/* The same sixteen radio fields at four moments. */
#define RADIO_FIELDS(X, base, P, p, kinds, when)                                                                       \
	X(base + 0, P##RAT, p "rat", TEXT, "", kinds, "GSM WCDMA LTE NR5G-NSA NR5G-SA" when)                           \
	X(base + 1, P##PLMN, p "plmn", TEXT, "", kinds, "serving network, MCC and MNC as digits" when)                 \
	X(base + 2, P##BAND, p "band", INT, "", kinds, "3GPP band number" when)                                        \
	X(base + 3, P##ARFCN, p "arfcn", INT, "", kinds, "EARFCN, NR-ARFCN, UARFCN or ARFCN" when)                     \
	X(base + 4, P##PCI, p "pci", INT, "", kinds, "physical cell id, PSC or BSIC" when)                             \
	X(base + 5, P##CELL, p "cell", INT, "", kinds, "cell identity within the PLMN" when)                           \
	X(base + 6, P##TAC, p "tac", INT, "", kinds, "tracking or location area code" when)                            \
	X(base + 7, P##RSRP, p "rsrp_dbm", REAL, "dBm", kinds, "RSRP (LTE) or SS-RSRP (NR SA)" when)                   \
	X(base + 8, P##RSRQ, p "rsrq_db", REAL, "dB", kinds, "RSRQ or SS-RSRQ" when)                                   \
	X(base + 9, P##SINR, p "sinr_db", REAL, "dB", kinds, "SINR or SS-SINR" when)                                   \
	X(base + 10, P##RSSI, p "rssi_dbm", REAL, "dBm", kinds, "RSSI; RxLev for GSM, RSCP for WCDMA have their own" when) \
	X(base + 11, P##NR_RSRP, p "nr_rsrp_dbm", REAL, "dBm", kinds, "SS-RSRP of the NR leg of EN-DC" when)           \
	X(base + 12, P##NR_RSRQ, p "nr_rsrq_db", REAL, "dB", kinds, "SS-RSRQ of the NR leg" when)                      \
	X(base + 13, P##NR_SINR, p "nr_sinr_db", REAL, "dB", kinds, "SS-SINR of the NR leg" when)                      \
	X(base + 14, P##NR_BAND, p "nr_band", INT, "", kinds, "band of the NR leg" when)                               \
	X(base + 15, P##NR_PCI, p "nr_pci", INT, "", kinds, "physical cell id of the NR leg" when)

#define RECORD_FIELDS(X)                                                                                               \
	/* any kind */                                                                                                 \
	X(1, ERROR, "error", TEXT, "", K_ANY, "why the measurement could not be made, a word; absent when it was made") \
	X(2, ERROR_TEXT, "error_text", TEXT, "", K_ANY, "the same in a sentence")                                      \
	X(3, TEST, "test", TEXT, "", K_ANY, "name of the test in the plan")                                            \
	X(4, TARGET, "target", TEXT, "", K_NET, "host or address as configured")                                       \
	X(5, FAMILY, "family", INT, "", K_NET, "4 or 6")                                                               \
	X(6, METHOD, "method", TEXT, "", K_ANY, "how: stamp icmp http https iperf3 at mmcli uqmi ...")                 \
	X(7, DURATION_MS, "duration_ms", INT, "ms", K_ANY, "from first to last packet or command")                     \
	X(8, IFACE, "iface", TEXT, "", K_NET, "network interface the test was bound to")                               \
	X(9, LAG_US, "lag_us", INT, "us", K_NET, "how late the probe's own loop ran at worst during the test")         \
	X(10, CPU_SHARE, "cpu_share", REAL, "", K_NET | K(HEALTH), "share of one core this process used during the test, or since the last health record") \
	X(11, COMPETING_BPS, "competing_bps", INT, "bit/s", K_NET, "traffic of others on the interface during the test") \
	X(12, BYTES_UP, "bytes_up", INT, "B", K_NET, "sent, by the interface's own counters")                          \
	X(13, BYTES_DOWN, "bytes_down", INT, "B", K_NET, "received, by the interface's own counters")                  \
	X(14, ADDRESS, "address", TEXT, "", K_NET, "address of the target that was used")                              \
	X(15, COMPETING_METHOD, "competing_method", TEXT, "", K_NET, "how competing_bps was found: capture, or counters less what the test moved") \
	X(16, INTERFERENCE, "interference", TEXT, "", K_NET, "what the traffic of others did to the result: none minor discarded") \
	X(17, COMPETING_WAY_BPS, "competing_way_bps", INT, "bit/s", K_NET, "the part of competing_bps that went the way the test loaded") \
	X(18, SCHEDULE_EVENT, "schedule_event", TEXT, "", K_ANY, "event of the plan that started the test (RFC 8194 event); absent: its interval") \
	X(19, CYCLE_NUMBER, "cycle_number", TEXT, "", K_ANY, "YYYYMMDD.HHMMSS in UTC at which the cycle of that event began (RFC 8194 cycle-number)") \
	/* where it was measured, beside place; docs/survey.md */                                                      \
	X(21, FIX, "fix", TEXT, "", K_ANY, "of GNSS: 2d 3d; why there is no place: none no_data no_fix no_time unproven stale poor; moved: place is where the probe was installed, and it is elsewhere") \
	X(22, FIX_AGE_MS, "fix_age_ms", INT, "ms", K_ANY, "from the fix to the start of what was measured; negative when the fix is later") \
	X(23, SATELLITES, "satellites", INT, "", K_ANY, "used for the fix")                                            \
	X(24, HDOP, "hdop", REAL, "", K_ANY, "horizontal dilution of precision of the fix")                            \
	X(25, SPEED_MPS, "speed_mps", REAL, "m/s", K_ANY, "over ground, by GNSS")                                      \
	X(26, HEADING_DEG, "heading_deg", REAL, "degrees", K_ANY, "course over ground, clockwise from true north")     \
	X(27, SURVEY, "survey", TEXT, "", K_ANY, "name of the walk or drive: the record speaks for its own place, not for where the probe is registered") \
	/* radio now */                                                                                                \
	RADIO_FIELDS(X, 32, , "", K_RADIO, "")                                                                         \
	X(48, RSCP, "rscp_dbm", REAL, "dBm", K_RADIO, "RSCP (WCDMA)")                                                  \
	X(49, ECNO, "ecno_db", REAL, "dB", K_RADIO, "Ec/No (WCDMA)")                                                   \
	X(50, RXLEV, "rxlev_dbm", REAL, "dBm", K_RADIO, "RxLev (GSM)")                                                 \
	X(51, REGISTRATION, "registration", TEXT, "", K_RADIO, "home roaming searching not_registered denied emergency unknown") \
	X(52, MODEM_STATE, "modem_state", TEXT, "", K_RADIO, "the modem's own word: SEARCH LIMSRV NOCONN CONNECT ONLINE NOSERVICE") \
	X(53, SIM, "sim", TEXT, "", K_RADIO | K(HEALTH), "ready missing pin puk busy failure unknown")                             \
	X(54, REJECT_CAUSE, "reject_cause", INT, "", K_RADIO, "cause of a refused registration, TS 24.301 annex A / TS 24.008 annex G") \
	X(55, MODEM, "modem", TEXT, "", K_RADIO | K(HEALTH), "maker and model of the modem")                           \
	X(56, RAW, "raw", TEXT, "", K_RADIO, "the modem's answer as it came, identities masked")                       \
	X(57, ENDC_AVAILABLE, "endc_available", BOOL, "", K_RADIO, "the LTE cell offers EN-DC")                        \
	X(58, NR_CONNECTED, "nr_connected", BOOL, "", K_RADIO, "the NR leg is in use")                                 \
	X(59, HOME_PLMN, "home_plmn", TEXT, "", K_RADIO, "network that issued the SIM; differs from plmn for an MVNO or when roaming") \
	X(60, IMPLAUSIBLE, "implausible", TEXT, "", K_RADIO, "names of values that the plausibility gates refused; see raw") \
	X(61, OPERATOR_NAME, "operator_name", TEXT, "", K_RADIO, "name as the network or modem tells it")              \
	X(62, MODEM_HEALTHY, "modem_healthy", BOOL, "", K_RADIO, "the modem answered every command of this round in time") \
	/* operators */                                                                                                \
	X(80, SCAN, "scan", INT, "", K(OPERATORS), "number of the survey; its records share it")                       \
	X(81, SCAN_INDEX, "scan_index", INT, "", K(OPERATORS), "0 .. scan_cells - 1")                                  \
	X(82, SCAN_CELLS, "scan_cells", INT, "", K(OPERATORS) | K(ACCESS), "cells the survey saw; 0 is a result")      \
	X(83, PLMN_STATUS, "plmn_status", TEXT, "", K(OPERATORS), "available current forbidden unknown (TS 27.007 +COPS)") \
	X(84, NEIGHBOURS, "neighbours", INT, "", K(OPERATORS), "cells in the modem's list of neighbours; a list is no survey, and an empty one says nothing") \
	X(85, NEIGHBOUR_INDEX, "neighbour_index", INT, "", K(OPERATORS), "0 .. neighbours - 1")                        \
	X(86, LINE_SUSPENDED, "line_suspended", BOOL, "", K(OPERATORS), "the data line was suspended for this survey, and given back") \
	/* access */                                                                                                   \
	X(96, FROM_STATE, "from_state", TEXT, "", K(ACCESS), "state before this transition")                           \
	X(97, HELD_S, "held_s", INT, "s", K(ACCESS), "how long from_state with from_cause held, or for a heartbeat this state so far")   \
	X(98, HEARTBEAT, "heartbeat", BOOL, "", K(ACCESS), "true: nothing changed, the state is repeated")             \
	X(99, EVIDENCE, "evidence", TEXT, "", K(ACCESS), "what was seen that decided the state")                       \
	X(100, EMPTY_SCANS, "empty_scans", INT, "", K(ACCESS), "surveys in a row that found nothing, modem healthy")   \
	X(101, SINCE_MONO_NS, "since_mono_ns", INT, "ns", K(ACCESS), "boot time at which the state began")             \
	X(102, SINCE_UTC_NS, "since_utc_ns", INT, "ns", K(ACCESS), "UTC at which the state began; power_lost: last sign of life of the boot before") \
	X(103, CAUSE, "cause", TEXT, "", K(ACCESS), "why the state is what it is, a word: docs/access.md lists them")  \
	X(104, FROM_CAUSE, "from_cause", TEXT, "", K(ACCESS), "cause before this transition; from_state may equal the state when only the cause changed") \
	/* latency */                                                                                                  \
	X(112, SENT, "sent", INT, "", K(LATENCY), "packets sent")                                                      \
	X(113, RECEIVED, "received", INT, "", K(LATENCY), "replies received in time, doubles not counted")             \
	X(114, LOST_UP, "lost_up", INT, "", K(LATENCY), "lost on the way to the target")                               \
	X(115, LOST_DOWN, "lost_down", INT, "", K(LATENCY), "lost on the way back")                                    \
	X(116, DUPLICATES, "duplicates", INT, "", K(LATENCY), "replies received again")                                \
	X(117, REORDERED, "reordered", INT, "", K(LATENCY), "replies that came after a later one (RFC 4737)")          \
	X(118, RTT_MIN_US, "rtt_min_us", REAL, "us", K(LATENCY), "least round trip")                                   \
	X(119, RTT_P50_US, "rtt_p50_us", REAL, "us", K(LATENCY), "median round trip")                                  \
	X(120, RTT_P95_US, "rtt_p95_us", REAL, "us", K(LATENCY), "95th percentile")                                    \
	X(121, RTT_P99_US, "rtt_p99_us", REAL, "us", K(LATENCY), "99th percentile")                                    \
	X(122, RTT_MAX_US, "rtt_max_us", REAL, "us", K(LATENCY), "greatest round trip")                                \
	X(123, RTT_MEAN_US, "rtt_mean_us", REAL, "us", K(LATENCY), "mean round trip")                                  \
	X(124, JITTER_US, "jitter_us", REAL, "us", K(LATENCY), "smoothed interarrival jitter (RFC 3550 6.4.1)")        \
	X(125, IPDV_P95_US, "ipdv_p95_us", REAL, "us", K(LATENCY), "95th percentile of |delay variation| of neighbours (RFC 3393)") \
	X(126, INTERVAL_US, "interval_us", INT, "us", K(LATENCY), "between two packets")                               \
	X(127, PACKET_BYTES, "packet_bytes", INT, "B", K(LATENCY), "IP packet length")                                 \
	X(128, STAMPS, "stamps", TEXT, "", K(LATENCY), "who took the times: kernel, kernel_rx (user-space send) or user") \
	X(129, DISCARDED, "discarded", INT, "", K(LATENCY), "round trips left out because the clock was set meanwhile") \
	X(130, OWD_UP_P50_US, "owd_up_p50_us", REAL, "us", K(LATENCY), "median one-way delay up, only when both clocks are good") \
	X(131, OWD_DOWN_P50_US, "owd_down_p50_us", REAL, "us", K(LATENCY), "median one-way delay down")                \
	X(132, OWD_ERROR_US, "owd_error_us", REAL, "us", K(LATENCY), "error of the one-way delays from both error estimates") \
	/* throughput */                                                                                               \
	X(144, DIRECTION, "direction", TEXT, "", K(THROUGHPUT), "down or up")                                          \
	X(145, RATE_BPS, "rate_bps", INT, "bit/s", K(THROUGHPUT), "rate of payload after the ramp-up was left out")    \
	X(146, STREAMS, "streams", INT, "", K(THROUGHPUT), "parallel connections")                                     \
	X(147, BYTES, "bytes", INT, "B", K(THROUGHPUT), "payload moved, ramp-up included")                             \
	X(148, SUB_BPS, "sub_bps", INTS, "bit/s", K(THROUGHPUT), "rate of each sub-interval")                          \
	X(149, SUB_MS, "sub_ms", INT, "ms", K(THROUGHPUT), "length of a sub-interval")                                 \
	X(150, RAMP_MS, "ramp_ms", INT, "ms", K(THROUGHPUT), "ramp-up that was left out")                              \
	X(151, STOP_REASON, "stop_reason", TEXT, "", K(THROUGHPUT), "decided bytes time error idle cancelled budget suppressed") \
	X(152, CONFIDENCE, "confidence", TEXT, "", K(THROUGHPUT), "low medium high")                                   \
	X(153, RATE_CLASS, "rate_class", TEXT, "", K(THROUGHPUT), "class of the rate, as the bounds of the plan divide it") \
	X(154, TLS, "tls", BOOL, "", K(THROUGHPUT) | K(SERVICE), "the transfer was encrypted")                         \
	X(155, HTTP_VERSION, "http_version", TEXT, "", K(THROUGHPUT) | K(SERVICE), "1.1 or 2")                         \
	X(156, TCP_MIN_RTT_US, "tcp_min_rtt_us", INT, "us", K(THROUGHPUT), "TCPInfo.MinRTT, least of the streams")     \
	X(157, TCP_RTT_US, "tcp_rtt_us", INT, "us", K(THROUGHPUT), "TCPInfo.RTT, median of the streams at the end")    \
	X(158, TCP_BYTES_SENT, "tcp_bytes_sent", INT, "B", K(THROUGHPUT), "TCPInfo.BytesSent, all streams")            \
	X(159, TCP_BYTES_RETRANS, "tcp_bytes_retrans", INT, "B", K(THROUGHPUT), "TCPInfo.BytesRetrans, all streams")   \
	X(160, IDLE_P50_US, "idle_p50_us", REAL, "us", K_LOADED, "median round trip before the load")                  \
	X(161, LOADED_P50_US, "loaded_p50_us", REAL, "us", K_LOADED, "median round trip under load")                   \
	X(162, LOADED_P95_US, "loaded_p95_us", REAL, "us", K_LOADED, "95th percentile under load")                     \
	X(163, RPM, "rpm", REAL, "1/min", K_LOADED, "60 s / loaded_p50")                                               \
	X(164, LIMITED_BY, "limited_by", TEXT, "", K(THROUGHPUT), "probe when its CPU was saturated, server when it refused more, else absent") \
	X(165, BUSY_RETRY_S, "busy_retry_s", INT, "s", K(THROUGHPUT), "the server was busy and asked to come back after this") \
	RADIO_FIELDS(X, 176, START_, "start_", K_START, ", at the start")                                              \
	RADIO_FIELDS(X, 192, PEAK_, "peak_", K_LOADED, ", when the rate was highest")                                  \
	RADIO_FIELDS(X, 208, END_, "end_", K_LOADED, ", at the end")                                                   \
	/* ipv6 and, where they fit, service */                                                                        \
	X(224, VERDICT, "verdict", TEXT, "", K(IPV6) | K(SERVICE), "ipv6: none ula_only no_route dns_broken pmtud_black_hole broken slow works v6only_nat64; service: ok network service captive_portal certificate") \
	X(225, V4_ADDRESS, "v4_address", TEXT, "", K(IPV6), "none private cgnat public")                               \
	X(226, V6_ADDRESS, "v6_address", TEXT, "", K(IPV6), "none link_local ula global")                              \
	X(227, V4_ROUTE, "v4_route", BOOL, "", K(IPV6), "there is a route to the target")                              \
	X(228, V6_ROUTE, "v6_route", BOOL, "", K(IPV6), "there is a route to the target")                              \
	X(229, V4_DNS, "v4_dns", BOOL, "", K(IPV6), "the name has an A record here")                                   \
	X(230, V6_DNS, "v6_dns", BOOL, "", K(IPV6), "the name has an AAAA record here")                                \
	X(231, V4_UDP, "v4_udp", BOOL, "", K(IPV6), "a STAMP packet came back")                                        \
	X(232, V6_UDP, "v6_udp", BOOL, "", K(IPV6), "a STAMP packet came back")                                        \
	X(233, V4_TCP_US, "v4_tcp_us", INT, "us", K(IPV6), "time to connect; absent when it failed")                   \
	X(234, V6_TCP_US, "v6_tcp_us", INT, "us", K(IPV6), "time to connect; absent when it failed")                   \
	X(235, V4_HTTP_US, "v4_http_us", INT, "us", K(IPV6), "time to the last byte of a small answer")                \
	X(236, V6_HTTP_US, "v6_http_us", INT, "us", K(IPV6), "time to the last byte of a small answer")                \
	X(237, V6_PMTU, "v6_pmtu", INT, "B", K(IPV6), "largest IP packet that came through")                           \
	X(238, NAT64_PREFIX, "nat64_prefix", TEXT, "", K(IPV6), "prefix found by RFC 7050")                            \
	X(239, CLAT, "clat", BOOL, "", K(IPV6), "464XLAT is in use (192.0.0.0/29 on an interface)")                    \
	X(240, V4_ERROR, "v4_error", TEXT, "", K(IPV6), "first step that failed over IPv4, and how")                   \
	X(241, V6_ERROR, "v6_error", TEXT, "", K(IPV6), "first step that failed over IPv6, and how")                   \
	/* dns, service */                                                                                             \
	X(256, QNAME, "qname", TEXT, "", K(DNS), "name asked for")                                                     \
	X(257, QTYPE, "qtype", TEXT, "", K(DNS), "A or AAAA")                                                          \
	X(258, RESOLVER, "resolver", TEXT, "", K(DNS), "address of the resolver")                                      \
	X(259, RCODE, "rcode", TEXT, "", K(DNS), "NOERROR NXDOMAIN SERVFAIL ... or timeout")                           \
	X(260, ANSWERS, "answers", INT, "", K(DNS), "addresses in the answer")                                         \
	X(261, DNS_US, "dns_us", INT, "us", K(DNS) | K(SERVICE), "time to the answer")                                 \
	X(262, AGREED, "agreed", BOOL, "", K(DNS), "the answer shares an address with the other resolvers'")           \
	X(272, TCP_US, "tcp_us", INT, "us", K(SERVICE), "time to connect")                                             \
	X(273, TLS_US, "tls_us", INT, "us", K(SERVICE), "time of the TLS handshake")                                   \
	X(274, FIRST_BYTE_US, "first_byte_us", INT, "us", K(SERVICE), "from request to first byte")                    \
	X(275, TOTAL_US, "total_us", INT, "us", K(SERVICE), "all together")                                            \
	X(276, HTTP_STATUS, "http_status", INT, "", K(SERVICE) | K(THROUGHPUT), "status of the answer")                \
	X(277, FAILED_AT, "failed_at", TEXT, "", K(SERVICE), "the first step that failed: dns route connect tls answer") \
	X(278, EXPECTED, "expected", INT, "", K(SERVICE), "the only right status; absent: any from 200 to 399")        \
	X(279, PORTAL, "portal", TEXT, "", K(SERVICE), "what answered in place of the target: login, or credit for the operator's page for used up credit") \
	X(280, PORTAL_HOST, "portal_host", TEXT, "", K(SERVICE), "host that the portal sends to, without path and query") \
	X(281, CERTIFICATE, "certificate", TEXT, "", K(SERVICE), "what was wrong with it: name (of another), time (not yet or no more valid), untrusted") \
	/* passive */                                                                                                  \
	X(288, PACKETS, "packets", INT, "", K(PASSIVE), "packets looked at")                                           \
	X(289, FLOWS, "flows", INT, "", K(PASSIVE), "TCP connections seen")                                            \
	X(290, HANDSHAKES, "handshakes", INT, "", K(PASSIVE), "complete TCP handshakes measured")                      \
	X(291, HS_NEAR_P50_US, "hs_near_p50_us", REAL, "us", K(PASSIVE), "handshake leg towards the hosts of this line") \
	X(292, HS_FAR_P50_US, "hs_far_p50_us", REAL, "us", K(PASSIVE), "handshake leg towards the net")                \
	X(293, RETRANSMITTED, "retransmitted", INT, "", K(PASSIVE), "TCP segments sent again")                         \
	X(294, OUT_OF_ORDER, "out_of_order", INT, "", K(PASSIVE), "TCP segments out of order")                         \
	X(295, TCP_SEGMENTS, "tcp_segments", INT, "", K(PASSIVE), "TCP segments with data")                            \
	/* health */                                                                                                   \
	X(304, UPTIME_S, "uptime_s", INT, "s", K(HEALTH), "since boot")                                                \
	X(305, BOOT_REASON, "boot_reason", TEXT, "", K(HEALTH), "clean, power_lost, crash or unknown")                 \
	X(306, TEMPERATURE_C, "temperature_c", REAL, "C", K(HEALTH), "hottest thermal zone")                           \
	X(307, MEMORY_FREE, "memory_free", INT, "B", K(HEALTH), "available memory")                                    \
	X(308, POWER, "power", TEXT, "", K(HEALTH), "mains battery unknown")                                           \
	X(309, BATTERY_SHARE, "battery_share", REAL, "", K(HEALTH), "charge, 0..1")                                    \
	X(310, JOURNAL_RECORDS, "journal_records", INT, "", K(HEALTH), "waiting for a receipt")                        \
	X(311, JOURNAL_BYTES, "journal_bytes", INT, "B", K(HEALTH), "the same in bytes on flash")                      \
	X(312, FLASH_WRITTEN, "flash_written", INT, "B", K(HEALTH), "bytes the journal wrote since start")             \
	X(313, BUDGET_USED, "budget_used", INT, "B", K(HEALTH), "of this month's data allowance")                      \
	X(314, BUDGET_LIMIT, "budget_limit", INT, "B", K(HEALTH), "this month's data allowance")                       \
	X(315, VERSION, "version", TEXT, "", K(HEALTH), "of the agent")                                                \
	X(316, AGENT_START, "agent_start", BOOL, "", K(HEALTH), "first record after the agent started")                \
	X(317, PROCESS_RSS, "process_rss", INT, "B", K(HEALTH), "resident memory of the agent")                        \
	X(318, SKIPPED, "skipped", INT, "", K(HEALTH), "runs left out since the last health record")                   \
	X(319, SIM_CHANGED, "sim_changed", BOOL, "", K(HEALTH), "another SIM than before, within the last day")        \
	X(320, CREDIT, "credit", TEXT, "", K(HEALTH), "ok low none unknown, as the network answered; absent: never asked") \
	X(321, BALANCE_VND, "balance_vnd", INT, "VND", K(HEALTH), "balance of the SIM, when the answer could be read") \
	X(322, CREDIT_AGE_S, "credit_age_s", INT, "s", K(HEALTH), "since the network was asked for the balance")       \
	X(323, BUDGET_CUT, "budget_cut", TEXT, "", K(HEALTH), "tests that the data allowance has cut, by name")        \
	X(324, SUPPRESSED, "suppressed", TEXT, "", K(HEALTH), "suppressions that hold, by name")                       \
	X(331, GNSS_DISTANCE_M, "gnss_distance_m", REAL, "m", K(HEALTH), "from the surveyed place to the GNSS fix")    \
	X(334, BATTERY_V, "battery_v", REAL, "V", K(HEALTH), "voltage of the weakest battery")                         \
	X(335, UNDER_VOLTAGE, "under_voltage", BOOL, "", K(HEALTH), "the supply says that its voltage is too low now") \
	/* gap */                                                                                                      \
	X(336, GAP_FIRST, "gap_first", INT, "", K(GAP), "first sequence number concerned")                             \
	X(337, GAP_LAST, "gap_last", INT, "", K(GAP), "last sequence number concerned")                                \
	X(338, GAP_COUNT, "gap_count", INT, "", K(GAP), "how many between them were dropped")                          \
	X(339, GAP_REASON, "gap_reason", TEXT, "", K(GAP), "journal_full medium_failed torn_write queue_full")         \
	X(340, GAP_KINDS, "gap_kinds", TEXT, "", K(GAP), "what was dropped: kind=count ...")                           \
	X(341, GAP_FIRST_MONO_NS, "gap_first_mono_ns", INT, "ns", K(GAP), "boot time of the first dropped")            \
	X(342, GAP_LAST_MONO_NS, "gap_last_mono_ns", INT, "ns", K(GAP), "boot time of the last dropped")               \
	/* event */                                                                                                    \
	X(352, EVENT, "event", TEXT, "", K(EVENT), "what it is about, a word: recovery order plan budget suppression data_line place survey credit") \
	X(353, STEP, "step", TEXT, "", K(EVENT), "which part or action of it")                                         \
	X(354, OUTCOME, "outcome", TEXT, "", K(EVENT), "begun ok failed refused expired reverted ended")               \
	X(355, DETAIL, "detail", TEXT, "", K(EVENT), "the same in a sentence")                                         \
	X(356, ORDER, "order", TEXT, "", K(EVENT), "id of the order that caused it")                                   \
	X(368, DISTANCE_M, "distance_m", REAL, "m", K(EVENT), "place: from the surveyed place to the fix; survey: walked or driven so far") \
	X(369, SAMPLES, "samples", INT, "", K(EVENT), "survey: rounds of signal that gave a record")                   \
	X(370, SAMPLES_PLACED, "samples_placed", INT, "", K(EVENT), "survey: of them with a place")                    \
	X(371, ROUNDS_SKIPPED, "rounds_skipped", INT, "", K(EVENT), "survey: seconds without a round because the one before was not over") \
	/* health, continued */                                                                                        \
	X(376, RESET_REASON, "reset_reason", TEXT, "", K(HEALTH), "what the hardware says of the last reset: brown_out overheat watchdog") \
	X(377, THROTTLED, "throttled", TEXT, "", K(HEALTH), "what slows the processor down now: voltage frequency heat; absent: nothing, or not known") \
	X(378, DISK_FREE, "disk_free", INT, "B", K(HEALTH), "room on the medium of the state folder")                  \
	X(379, LOAD, "load", REAL, "", K(HEALTH), "runnable tasks, mean of one minute")                                \
	X(380, KERNEL, "kernel", TEXT, "", K(HEALTH), "release and machine of the kernel")                             \
	X(381, OS, "os", TEXT, "", K(HEALTH), "ID and VERSION_ID of os-release")                                       \
	X(383, MODEM_FIRMWARE, "modem_firmware", TEXT, "", K(HEALTH), "revision of the modem")

/* clang-format on */

#endif
