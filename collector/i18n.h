/* SPDX-License-Identifier: Apache-2.0 */
/* Every text that a person reads, in Vietnamese and English, NFC UTF-8: reasons, reports, pages.
 * {name} in a text is filled in by i18n_put(); both languages of a key must have the same names. */
#ifndef COLLECTOR_I18N_H
#define COLLECTOR_I18N_H

#include "../probes/core/buf.h"

/* key, vi, en */
#define I18N_STATUS(X) \
	X(NO_SIGNAL, "trắng sóng", "no signal") \
	X(PARTIAL, "lõm sóng", "partial") \
	X(UNSTABLE, "chập chờn", "unstable") \
	X(WEAK, "yếu", "weak") \
	X(COVERED, "đạt", "covered") \
	X(UNMEASURED, "chưa đo", "unmeasured") \
	X(SILENT, "mất liên lạc", "silent") \
	X(DEF_NO_SIGNAL, "không có ô sóng băng rộng dùng được tại điểm chuẩn, có đo", \
		"no broadband cell usable at the reference point, measured") \
	X(DEF_PARTIAL, "trung tâm có sóng, ít nhất một cụm dân cư không có", \
		"the centre is served, at least one population cluster is not") \
	X(DEF_UNSTABLE, \
		"có sóng nhưng độ sẵn sàng thấp hơn hoặc gián đoạn dài hơn mức của bộ tiêu chí", \
		"served, but availability below the profile, or outages longer than it allows") \
	X(DEF_WEAK, "sẵn sàng nhưng mức thu hoặc tốc độ thấp hơn mức của bộ tiêu chí", \
		"available, but below the declared or required rate or level") \
	X(DEF_COVERED, "đạt bộ tiêu chí", "meets the profile") \
	X(DEF_UNMEASURED, "không có hoặc chưa đủ bằng chứng", "no evidence, or not enough") \
	X(DEF_SILENT, "máy đo im lặng; không phải là trắng sóng", \
		"the probe is silent; this is not no signal")

#define I18N_REASON(X) \
	X(WHY_NONE, \
		"{n} mẫu trong {days} ngày, {parts} buổi: {bad} mẫu không có băng rộng " \
		"({no_service} không có mạng, {limited} chỉ gọi khẩn cấp, {other} chỉ có công " \
		"nghệ khác như 2G/3G).", \
		"{n} samples on {days} days in {parts} parts of the day: {bad} without broadband " \
		"({no_service} no service, {limited} emergency only, {other} only another " \
		"technology such as 2G/3G).") \
	X(WHY_NONE_OPERATORS, \
		"Mọi nhà mạng đang hoạt động đều đã đo và đều không có băng rộng tại điểm chuẩn.", \
		"Every active operator was measured and none has broadband at the reference " \
		"point.") \
	X(WHY_NONE_CLUSTER, "Một cụm dân cư vẫn có sóng: {clusters}.", \
		"A population cluster is served all the same: {clusters}.") \
	X(WHY_PARTIAL, "Điểm chuẩn có sóng; các cụm không có băng rộng: {clusters}.", \
		"The reference point is served; clusters without broadband: {clusters}.") \
	X(WHY_UNSTABLE_SHARE, "Có sóng {share} % số mẫu, dưới mức {limit} %.", \
		"Served in {share} % of samples, below {limit} %.") \
	X(WHY_UNSTABLE_OUTAGE, "Gián đoạn dài nhất {hours} giờ, quá mức {limit} giờ.", \
		"Longest outage {hours} h, more than the {limit} h allowed.") \
	X(WHY_WEAK_LEVEL, \
		"Có sóng nhưng chỉ {share} % số mẫu đạt RSRP từ {level} dBm, dưới mức {limit} %.", \
		"Served, but only {share} % of samples reach RSRP {level} dBm, below {limit} %.") \
	X(WHY_WEAK_SINR, \
		"SINR trung vị {value} dB, dưới {limit} dB: sóng mạnh mà nhiễu thì không dùng " \
		"được.", \
		"Median SINR {value} dB, below {limit} dB: a strong but disturbed signal is of " \
		"no use.") \
	X(WHY_WEAK_DOWN_MEAN, \
		"Tốc độ tải xuống trung bình {value} Mbit/s, dưới {limit} Mbit/s ({n} lần đo).", \
		"Mean download {value} Mbit/s, below {limit} Mbit/s ({n} tests).") \
	X(WHY_WEAK_DOWN_SHARE, \
		"{value} % số lần đo tải xuống đạt {rate} Mbit/s, dưới mức {limit} % ({n} lần " \
		"đo).", \
		"{value} % of downloads reach {rate} Mbit/s, below {limit} % ({n} tests).") \
	X(WHY_WEAK_UP_MEAN, \
		"Tốc độ tải lên trung bình {value} Mbit/s, dưới {limit} Mbit/s ({n} lần đo).", \
		"Mean upload {value} Mbit/s, below {limit} Mbit/s ({n} tests).") \
	X(WHY_COVERED, \
		"Sẵn sàng {share} % số mẫu (mức {limit} %), gián đoạn dài nhất {hours} giờ.", \
		"Available in {share} % of samples ({limit} % needed), longest outage {hours} h.") \
	X(WHY_RATE_UNMEASURED, "Tốc độ chưa đo đủ ({n} lần).", \
		"The rate was not measured often enough ({n} tests).") \
	X(WHY_NEVER, "Chưa có mẫu nào.", "There is no sample yet.") \
	X(WHY_TOO_FEW, \
		"Mới có {n} mẫu trong {days} ngày, {parts} buổi; cần ít nhất {need_n} mẫu, " \
		"{need_days} ngày, {need_parts} buổi.", \
		"Only {n} samples on {days} days in {parts} parts of the day; at least {need_n}, " \
		"{need_days} and {need_parts} are needed.") \
	X(WHY_RSRP_ALONE, \
		"Chỉ có RSRP; cần SINR hoặc một phiên dữ liệu thành công mới kết luận được.", \
		"There is RSRP only; SINR or a data transfer that worked is needed before " \
		"anything can be concluded.") \
	X(WHY_NO_REFERENCE, "Điểm chuẩn chưa đo đủ; chỉ có số đo tại cụm dân cư.", \
		"The reference point is not measured well enough; there are samples of " \
		"population clusters only.") \
	X(WHY_OPERATORS_MISSING, \
		"Nhà mạng đã đo không có băng rộng; còn nhà mạng chưa đo: {operators}.", \
		"The operators measured have no broadband; not measured yet: {operators}.") \
	X(WHY_SEEN, "Lần quét thấy sóng băng rộng của nhà mạng khác, chưa đo được dịch vụ.", \
		"A survey saw broadband cells of another operator, whose service was not " \
		"measured.") \
	X(WHY_SILENT, "Không có số đo dùng được từ {since}; nguyên nhân: {cause}.", \
		"Nothing usable since {since}; cause: {cause}.") \
	X(WHY_SILENT_BEFORE, "Trước đó: {status}.", "Before that: {status}.") \
	X(WHY_SIMULATED, "Có số liệu mô phỏng.", "Contains simulated data.") \
	X(WHY_BY_OPERATOR, "Theo nhà mạng tốt nhất: {operator}.", \
		"By the best operator: {operator}.") \
	X(CAUSE_UNKNOWN, "chưa rõ", "unknown") \
	X(CAUSE_POWER, "mất điện", "power") \
	X(CAUSE_BACKHAUL, "mất đường truyền về", "backhaul") \
	X(CAUSE_CREDIT, "hết tiền hoặc hết gói", "credit") \
	X(CAUSE_MODEM, "hỏng modem hoặc SIM", "modem or SIM")

#define I18N_REPORT(X) \
	X(REPORT_TITLE, "Báo cáo phủ sóng theo thôn, bản", "Coverage report by hamlet") \
	X(NATIONWIDE, "Cả nước", "The whole country") \
	X(AS_OF, "Tính đến", "As of") \
	X(WINDOW, "Khoảng xét", "Window") \
	X(DAYS_UNIT, "ngày", "days") \
	X(COUNTS_TITLE, "Số thôn, bản theo trạng thái", "Hamlets by status") \
	X(BEST_OF_ALL, "Nhà mạng tốt nhất", "Best of all operators") \
	X(OPERATOR, "Nhà mạng", "Operator") \
	X(STATUS, "Trạng thái", "Status") \
	X(DEFINITION, "Định nghĩa", "Definition") \
	X(HAMLETS, "Thôn, bản", "Hamlets") \
	X(HAMLET, "Thôn, bản", "Hamlet") \
	X(CODE, "Mã", "Code") \
	X(COMMUNE, "Xã", "Commune") \
	X(PROVINCE, "Tỉnh", "Province") \
	X(PEOPLE, "Dân số", "People") \
	X(POPULATION_SOURCE, "Nguồn dân số", "Population file") \
	X(REPORTED, "Địa phương báo", "Reported") \
	X(MEASURED, "Đo được", "Measured") \
	X(NOT_REPORTED, "không báo", "not reported") \
	X(SHARE_INTERVAL, "Tỷ lệ (khoảng tin cậy 95 %)", "Share (95 % interval)") \
	X(SAMPLES, "Mẫu", "Samples") \
	X(DAYS, "Ngày", "Days") \
	X(PROBES, "Máy đo", "Probes") \
	X(GRADE, "Hạng bằng chứng", "Evidence grade") \
	X(SINCE, "Từ ngày", "Since") \
	X(REASON, "Lý do", "Reason") \
	X(EVIDENCE, "Bằng chứng", "Evidence") \
	X(GRID_POWER, "Điện lưới", "Grid power") \
	X(YES, "có", "yes") \
	X(NO, "không", "no") \
	X(UNKNOWN, "chưa rõ", "unknown") \
	X(PROFILE_TITLE, "Bộ tiêu chí", "Rule profile") \
	X(SETTING, "Ngưỡng", "Setting") \
	X(VALUE, "Giá trị", "Value") \
	X(SOURCE, "Nguồn", "Source") \
	X(CONFIRMED, "đã xác nhận", "confirmed") \
	X(UNCONFIRMED, "chưa xác nhận, không phải là quy định", "unconfirmed, not the regulation") \
	X(OWN_CHOICE, "lựa chọn của phusong", "phusong's own choice") \
	X(HASH, "Mã băm", "Hash") \
	X(MAP, "Bản đồ", "Map") \
	X(NOT_CONFORMITY, \
		"Kết quả là bằng chứng tham khảo, không phải là kết quả đo kiểm hợp quy theo " \
		"QCVN.", \
		"The results are reference evidence, not a QCVN conformity test.") \
	X(SILENCE_NOTE, "Máy đo im lặng không bao giờ được tính là trắng sóng.", \
		"A silent probe is never counted as no signal.") \
	X(BOUNDARY_NOTE, \
		"Ranh giới chỉ để tham khảo. Quần đảo Hoàng Sa và quần đảo Trường Sa là của Việt " \
		"Nam.", \
		"Boundaries are for reference. The Hoang Sa and Truong Sa archipelagos belong to " \
		"Viet Nam.") \
	X(HOANG_SA, "Quần đảo Hoàng Sa", "Hoang Sa archipelago") \
	X(TRUONG_SA, "Quần đảo Trường Sa", "Truong Sa archipelago") \
	X(POPULATION_UNKNOWN, "không có tệp dân số", "no population file")

/* Pages only. */
#define I18N_WEB(X) \
	X(SKIP, "Đến nội dung chính", "Skip to the content") \
	X(NAVIGATION, "Các trang", "Pages") \
	X(NAV_MAP, "Bản đồ", "Map") \
	X(NAV_PROBES, "Máy đo", "Probes") \
	X(NAV_STATUS, "Tình trạng hệ thống", "System status") \
	X(MAP_TITLE, "Phủ sóng di động băng rộng theo thôn, bản", \
		"Mobile broadband coverage by hamlet") \
	X(MAP_LEAD, \
		"Mỗi dấu là một thôn, bản; hình và màu cho biết trạng thái theo nhà mạng tốt " \
		"nhất. Máy đo im lặng không phải là trắng sóng.", \
		"Each sign is a hamlet; its shape and colour tell the status by the best " \
		"operator. A silent probe is not no signal.") \
	X(MAP_LABEL, "Bản đồ các thôn, bản; bảng bên dưới có cùng số liệu", \
		"Map of the hamlets; the table below has the same data") \
	X(LEGEND, "Hiện trên bản đồ", "Shown on the map") \
	X(ZOOM_IN, "Phóng to", "Zoom in") \
	X(ZOOM_OUT, "Thu nhỏ", "Zoom out") \
	X(MAP_SOURCE, \
		"Ranh giới tham khảo: Nhà xuất bản Tài nguyên, Môi trường và Bản đồ Việt Nam", \
		"Reference boundaries: Vietnam Natural Resources, Environment and Cartography " \
		"Publishing House") \
	X(SIMULATED, "mô phỏng", "simulated") \
	X(SIMULATED_NOTE, "Số liệu của thôn, bản này có phần do máy đo mô phỏng tạo ra.", \
		"Some data of this hamlet come from a simulated probe.") \
	X(BY_PROVINCE, "Số thôn, bản theo tỉnh và trạng thái (nhà mạng tốt nhất)", \
		"Hamlets by province and status (best operator)") \
	X(ALL, "Tất cả", "All") \
	X(HAMLETS_OF, "Các thôn, bản của {name}", "Hamlets of {name}") \
	X(REPORT_DOWNLOAD, "Tải báo cáo", "Download the report") \
	X(PROBE, "Máy đo", "Probe") \
	X(PROBES_TITLE, "Máy đo và sổ cái bản ghi", "Probes and the ledger of their records") \
	X(PROBES_LEAD, \
		"Mỗi bản ghi có một số thứ tự. Sổ cái cho biết số nào đã đến, số nào còn thiếu " \
		"và số nào máy đo đã phải bỏ.", \
		"Every record has a number. The ledger tells which arrived, which are missing " \
		"and which the probe had to drop.") \
	X(ROLE, "Vị trí", "Role") \
	X(ROLE_REFERENCE, "điểm chuẩn", "reference point") \
	X(ROLE_CLUSTER, "cụm dân cư", "population cluster") \
	X(ROLE_ROAMING, "di động", "roaming") \
	X(ONLINE, "Kết nối", "Connection") \
	X(IS_ONLINE, "đang nối", "online") \
	X(IS_OFFLINE, "mất nối", "offline") \
	X(LAST_SEEN, "Lần cuối", "Last seen") \
	X(NEVER, "chưa bao giờ", "never") \
	X(MADE, "Đã tạo", "Made") \
	X(STORED, "Đã lưu", "Stored") \
	X(MISSING, "Còn thiếu", "Missing") \
	X(DROPPED, "Máy đo bỏ", "Dropped") \
	X(SKIPPED, "Số bỏ trống", "Skipped numbers") \
	X(REPEATED, "Gửi lại", "Repeated") \
	X(REJECTED, "Không đọc được", "Rejected") \
	X(VERSION, "Phiên bản", "Version") \
	X(STATUS_TITLE, "Tình trạng hệ thống", "System status") \
	X(STATUS_GOOD, "Hệ thống đang nhận số liệu.", "The system is taking data in.") \
	X(STATUS_NO_BROKER, \
		"Không nối được máy chủ MQTT nào: số liệu chờ trên máy đo, không mất.", \
		"No broker is connected: data waits on the probes and is not lost.") \
	X(STATUS_IMPORT_ONLY, "Chưa cấu hình máy chủ MQTT: chỉ nhận tệp.", \
		"No broker is configured: files only.") \
	X(BROKERS, "Máy chủ MQTT đang nối", "Brokers connected") \
	X(QUEUE, "Gói tin chờ ghi", "Messages waiting to be stored") \
	X(QUARANTINE, "Khu cách ly", "Quarantine") \
	X(QUARANTINE_LEAD, \
		"Những gói không đọc được hoặc sai chữ ký, giữ nguyên để xem lại; không gói nào " \
		"bị xoá khỏi máy đo vì chúng.", \
		"What could not be read or had a wrong signature, kept whole for review; nothing " \
		"is deleted on a probe because of it.") \
	X(KEPT, "Đang giữ", "Kept") \
	X(EVER, "Từ trước đến nay", "Ever") \
	X(NONE, "không có", "none") \
	X(NOT_FOUND, "Không có trang này", "There is no such page") \
	X(NOT_FOUND_LEAD, "Địa chỉ sai, hoặc mã không còn dùng.", \
		"The address is wrong, or the code is no longer used.") \
	X(SERVER_PROBLEM, "Máy chủ gặp lỗi", "The server has a problem") \
	X(SERVER_PROBLEM_LEAD, "Lỗi đã được ghi lại. Hãy thử lại sau.", \
		"It was logged. Please try again later.") \
	X(BAD_REQUEST, "Yêu cầu không hợp lệ", "The request is not valid") \
	X(BY_OPERATOR, "Theo từng nhà mạng", "By operator") \
	X(DEVICE_HISTORY, "Máy đo tại đây", "Probes here") \
	X(POSITION, "Toạ độ điểm chuẩn", "Reference point") \
	X(FORMER_COMMUNE, "Xã cũ", "Former commune") \
	X(HOUSEHOLDS, "Số hộ", "Households") \
	X(TECHNOLOGY, "Công nghệ", "Technology") \
	X(LEVEL_CHART, "Phân bố mức thu RSRP", "Distribution of RSRP") \
	X(LEVEL, "Mức thu (dBm)", "Level (dBm)")

/* Access states and their causes, as probes tell them: probes/core/state.h, docs/access.md. */
#define I18N_ACCESS(X) \
	X(ACCESS_UNKNOWN, "chưa rõ", "not known yet") \
	X(ACCESS_OK, "tốt", "working") \
	X(ACCESS_POWER_LOST, "mất điện", "power was lost") \
	X(ACCESS_MODEM_ABSENT, "không thấy modem", "modem not there") \
	X(ACCESS_MODEM_HUNG, "modem bị treo", "modem hangs") \
	X(ACCESS_SIM_MISSING, "không có SIM", "no SIM") \
	X(ACCESS_SIM_LOCKED, "SIM bị khoá", "SIM locked") \
	X(ACCESS_NO_SERVICE, "không có sóng", "no signal") \
	X(ACCESS_LIMITED_SERVICE, "chỉ có sóng hạn chế", "limited service") \
	X(ACCESS_DENIED, "mạng từ chối", "network refuses") \
	X(ACCESS_ATTACHED_NO_IP, "có sóng, không có địa chỉ IP", "registered, no address") \
	X(ACCESS_IP_NO_INTERNET, "có địa chỉ, không ra Internet", "address, no Internet") \
	X(ACCESS_CAPTIVE_OR_NO_CREDIT, "hết tiền hoặc cổng đăng nhập", "no credit, or a portal") \
	X(ACCESS_COLLECTOR_DOWN, "không tới được máy chủ thu thập", "collector not reached") \
	X(BECAUSE_START, "vừa khởi động", "just started") \
	X(BECAUSE_POWER_BACK, "vừa có điện lại", "started again after power was lost") \
	X(BECAUSE_NOT_REGISTERED, "chưa đăng ký được mạng", "not registered with a network") \
	X(BECAUSE_UNTOLD, "modem không cho biết", "the modem does not say") \
	X(BECAUSE_UNTESTED, "chưa đo thử đường truyền", "the line was not tested yet") \
	X(BECAUSE_PORT_BUSY, "chương trình khác đang chiếm cổng modem", \
		"another program holds the modem's port") \
	X(BECAUSE_NO_ACCESS, "không mở được cổng modem", "the modem's port cannot be opened") \
	X(BECAUSE_NOT_READ, "không đọc được modem", "the modem cannot be read") \
	X(BECAUSE_STALE, "thông tin đã cũ", "the evidence grew old") \
	X(BECAUSE_TARGET_DOWN, "một máy đích không trả lời", "one target does not answer") \
	X(BECAUSE_CUT, "bị cắt điện", "power was cut") \
	X(BECAUSE_BROWN_OUT, "điện áp quá thấp", "the voltage was too low") \
	X(BECAUSE_OVERHEAT, "thiết bị quá nóng", "the device was too hot") \
	X(BECAUSE_WATCHDOG, "bộ giám sát phần cứng đã khởi động lại máy", \
		"reset by the hardware watchdog") \
	X(BECAUSE_PORT_GONE, "không thấy cổng modem", "the modem's port is gone") \
	X(BECAUSE_NO_ANSWER, "modem không trả lời", "the modem does not answer") \
	X(BECAUSE_MISSING, "không lắp SIM", "no SIM is in it") \
	X(BECAUSE_FAILURE, "SIM hỏng", "the SIM failed") \
	X(BECAUSE_PIN, "SIM đòi mã PIN", "the SIM asks for its PIN") \
	X(BECAUSE_PUK, "SIM đòi mã PUK", "the SIM asks for its PUK") \
	X(BECAUSE_NO_CELL, "dò nhiều lần không thấy trạm nào", "repeated searches found no cell") \
	X(BECAUSE_EMERGENCY_ONLY, "chỉ gọi được số khẩn cấp", "emergency calls only") \
	X(BECAUSE_OTHER_NETWORKS, "chỉ có trạm của mạng khác", "only cells of other networks") \
	X(BECAUSE_NOT_TOLD, "mạng không nói lý do", "no cause was told") \
	X(BECAUSE_IMSI_UNKNOWN, "mạng không biết SIM này", "the network does not know this SIM") \
	X(BECAUSE_ILLEGAL_UE, "SIM hoặc máy không được chấp nhận", "SIM or device not accepted") \
	X(BECAUSE_IMEI_NOT_ACCEPTED, "máy (IMEI) không được chấp nhận", \
		"device (IMEI) not accepted") \
	X(BECAUSE_ILLEGAL_ME, "máy bị chặn", "the device is barred") \
	X(BECAUSE_DATA_NOT_ALLOWED, "SIM không được dùng dữ liệu", "no data service for this SIM") \
	X(BECAUSE_SERVICES_NOT_ALLOWED, "SIM không được dùng dịch vụ nào", \
		"no service at all for this SIM") \
	X(BECAUSE_PLMN_NOT_ALLOWED, "SIM không được dùng mạng này", \
		"network not allowed for this SIM") \
	X(BECAUSE_AREA_NOT_ALLOWED, "SIM không được dùng ở khu vực này", \
		"area not allowed for this SIM") \
	X(BECAUSE_ROAMING_NOT_ALLOWED, "không được chuyển vùng ở đây", "roaming not allowed here") \
	X(BECAUSE_DATA_NOT_ALLOWED_HERE, "không được dùng dữ liệu trong mạng này", \
		"no data service in this network") \
	X(BECAUSE_NO_SUITABLE_CELLS, "không có trạm phù hợp trong khu vực", \
		"no suitable cells in this area") \
	X(BECAUSE_NETWORK_FAILURE, "mạng bị lỗi", "network failure") \
	X(BECAUSE_CONGESTION, "mạng quá tải", "congestion") \
	X(BECAUSE_OPTION_NOT_AUTHORIZED, "dịch vụ không được phép", \
		"service option not authorized") \
	X(BECAUSE_SEVERE_NETWORK_FAILURE, "mạng bị lỗi nặng", "severe network failure") \
	X(BECAUSE_NO_ADDRESS, "không được cấp địa chỉ", "no address was given") \
	X(BECAUSE_CONTEXT_REFUSED, "mạng từ chối kết nối dữ liệu", \
		"the data connection was refused") \
	X(BECAUSE_DNS, "máy chủ tên miền (DNS) không trả lời", "names cannot be looked up (DNS)") \
	X(BECAUSE_ROUTE, "thiết bị không có đường ra", "the device has no way out") \
	X(BECAUSE_UNREACHABLE, "không tới được máy nào", "nothing can be reached") \
	X(BECAUSE_PORTAL, "bị cổng đăng nhập chặn", "a portal stands in between") \
	X(BECAUSE_NO_CREDIT, "SIM hết tiền", "the SIM's credit is used up") \
	X(BECAUSE_BROKER, "không tới được máy chủ MQTT", "no broker answers") \
	X(BECAUSE_RECEIPTS, "máy chủ thu thập không gửi biên nhận", \
		"the collector sends no receipts") \
	X(BECAUSE_REJECT, "mạng từ chối, mã", "refused, cause") \
	X(PROBE_STATE, "Trạng thái máy đo", "State of the probe")

#define I18N_KEYS(X) I18N_STATUS(X) I18N_REASON(X) I18N_REPORT(X) I18N_WEB(X) I18N_ACCESS(X)

enum i18n_key {
#define X(key, vi, en) TR_##key,
	I18N_KEYS(X)
#undef X
		I18N_COUNT
};

/* lang: "en" gives English, anything else and NULL Vietnamese. */
const char *i18n(enum i18n_key key, const char *lang);
const char *i18n_name(enum i18n_key key); /* "NO_SIGNAL" */

/* The word for a status of the API ("no_signal" ...), and what it means; an unknown one comes back as it is. */
const char *i18n_status(const char *status, const char *lang);
const char *i18n_status_meaning(const char *status, const char *lang);
/* The word for a reported status (trang_song, lom_song); an unknown one comes back as it is. */
const char *i18n_reported(const char *reported, const char *lang);

/* The words for an access state and for a cause of it; those that are not known here come back as they are.
 * "none" is "". */
const char *i18n_access(const char *state, const char *lang);
const char *i18n_cause(const char *cause, const char *lang);

/* Appends the text with each {name} replaced; fill: name, value, name, value, ..., NULL. */
void i18n_put(struct buf *out, enum i18n_key key, const char *lang, const char *const fill[]);

#define I18N_NUMBER 32
/* 95.25 -> "95,3" in Vietnamese, "95.3" in English; returns out. */
char *i18n_number(char out[I18N_NUMBER], double v, int decimals, const char *lang);

#endif
