/* SPDX-License-Identifier: Apache-2.0 */
/* The texts of words.h, all but those of doctor: key, vi, en. */
#ifndef AGENT_WORDS_TEXTS_H
#define AGENT_WORDS_TEXTS_H

#define WORDS_COMMON(X) \
	X(YES, "có", "yes") \
	X(NO, "không", "no") \
	X(NOT_KNOWN, "chưa rõ", "not known") \
	X(NO_CLOCK, "(chưa biết giờ)", "(clock unknown)") \
	X(SPAN_S, "{n} giây", "{n} s") \
	X(SPAN_MIN, "{n} phút", "{n} min") \
	X(SPAN_H, "{h} giờ {m} phút", "{h} h {m} min") \
	X(SPAN_D, "{d} ngày {h} giờ", "{d} d {h} h") \
	X(NO_SUCH_FILE, "không có ở đó", "is not there") \
	X(NO_RIGHT, "không có quyền", "no right to it") \
	X(READ_ONLY, "chỉ đọc được, không ghi được", "can be read only") \
	X(DISK_FULL, "hết chỗ trên đĩa", "no space left") \
	X(NO_FOLDER, "không phải là thư mục", "is not a folder") \
	X(MEDIUM_BAD, "đọc ghi bị lỗi: thẻ nhớ có thể hỏng", \
		"reading or writing fails: the card may be worn out") \
	X(TOO_SLOW, "quá thời gian chờ", "it took too long") \
	X(REFUSED, "bị từ chối kết nối", "the connection was refused") \
	X(NO_WAY, "không có đường đi", "there is no way there")

#define WORDS_STATE(X) \
	X(ST_UNKNOWN, "chưa rõ", "not known yet") \
	X(ST_OK, "tốt", "working") \
	X(ST_POWER_LOST, "mất điện", "power was lost") \
	X(ST_MODEM_ABSENT, "không thấy modem", "modem not there") \
	X(ST_MODEM_HUNG, "modem bị treo", "modem hangs") \
	X(ST_SIM_MISSING, "không có SIM", "no SIM") \
	X(ST_SIM_LOCKED, "SIM bị khóa", "SIM locked") \
	X(ST_NO_SERVICE, "không có sóng", "no signal") \
	X(ST_LIMITED_SERVICE, "chỉ có sóng của mạng khác", "only other networks") \
	X(ST_DENIED, "mạng từ chối", "network refuses") \
	X(ST_ATTACHED_NO_IP, "có sóng, không có địa chỉ IP", "registered, no address") \
	X(ST_IP_NO_INTERNET, "có địa chỉ, không ra Internet", "address, no Internet") \
	X(ST_CAPTIVE_OR_NO_CREDIT, "hết tiền hoặc cổng đăng nhập", "no credit, or a portal") \
	X(ST_COLLECTOR_DOWN, "mất máy chủ thu thập", "collector out of reach")

/* Words of the fields registration and sim. */
#define WORDS_RADIO(X) \
	X(REG_HOME, "mạng của SIM", "home network") \
	X(REG_ROAMING, "chuyển vùng", "roaming") \
	X(REG_SEARCHING, "đang dò mạng", "searching") \
	X(REG_NOT_REGISTERED, "chưa đăng ký", "not registered") \
	X(REG_DENIED, "bị từ chối", "denied") \
	X(REG_EMERGENCY, "chỉ gọi khẩn cấp", "emergency calls only") \
	X(SIM_READY, "sẵn sàng", "ready") \
	X(SIM_MISSING, "không có", "missing") \
	X(SIM_PIN, "chờ mã PIN", "asks for its PIN") \
	X(SIM_PUK, "bị khóa, chờ mã PUK", "locked, asks for its PUK") \
	X(SIM_BUSY, "đang bận", "busy") \
	X(SIM_FAILURE, "hỏng", "faulty")

/* Words of the field error, and what to do. */
#define WORDS_ERROR(X) \
	X(ER_UNREACHABLE, "không tới được", "not reached") \
	X(DO_UNREACHABLE, \
		"Chạy phusong-agent doctor để biết hỏng ở bước nào; nếu mạng tốt, hỏi người quản " \
		"trị máy đích.", \
		"Run phusong-agent doctor to see which step fails; if the net works, ask whoever " \
		"runs the target.") \
	X(ER_NO_ROUTE, "không có đường đi", "there is no way there") \
	X(DO_NO_ROUTE, "Bật kết nối dữ liệu của modem, hoặc cắm dây mạng.", \
		"Bring up the modem's data connection, or plug in the network cable.") \
	X(ER_NO_SERVER, "máy có đó nhưng không có dịch vụ trả lời", \
		"the host is there, no server is") \
	X(DO_NO_SERVER, "Hỏi người quản trị máy đích: dịch vụ có chạy không, cổng có mở không.", \
		"Ask whoever runs the target: does the service run, is its port open?") \
	X(ER_DNS, "không tra được tên", "the name could not be looked up") \
	X(DO_DNS, "Kiểm tra tên viết đúng chưa, và máy chủ DNS (agent.dns).", \
		"Check the spelling of the name, and the name server (agent.dns).") \
	X(ER_TIMEOUT, "quá thời gian chờ", "it took too long") \
	X(DO_TIMEOUT, "Đo lại; nếu vẫn vậy, chạy phusong-agent doctor.", \
		"Try again; if it stays so, run phusong-agent doctor.") \
	X(ER_BUSY_LINE, "đường truyền đang bận", "the line was busy") \
	X(DO_BUSY_LINE, "Máy khác đang dùng đường truyền: đo lại lúc rảnh.", \
		"Others use the line: measure again when it is idle.") \
	X(ER_MODEM_ABSENT, "không thấy modem", "the modem is not there") \
	X(DO_MODEM_ABSENT, \
		"Kiểm tra cáp USB và nguồn; xem cổng với: ls /dev/ttyUSB*; ghi đúng cổng vào " \
		"tests.port.", \
		"Check the USB cable and its power; list ports: ls /dev/ttyUSB*; put the right " \
		"one into tests.port.") \
	X(ER_MODEM_HUNG, "modem bị treo", "the modem does not answer") \
	X(DO_MODEM_HUNG, "Rút modem, chờ 10 giây, cắm lại; nếu lặp lại, dùng nguồn mạnh hơn.", \
		"Unplug the modem, wait 10 s, plug it in; if it comes back, use a stronger power " \
		"supply.") \
	X(ER_MODEM_BUSY, "chương trình khác đang giữ cổng modem", \
		"another program holds the modem's port") \
	X(DO_MODEM_BUSY, \
		"Dừng chương trình đó (systemctl stop phusong-agent, hoặc ModemManager), đo, rồi " \
		"bật lại.", \
		"Stop it (systemctl stop phusong-agent, or ModemManager), measure, and start it " \
		"again.") \
	X(ER_MODEM_NO_ACCESS, "không mở được cổng modem", "the modem's port cannot be opened") \
	X(DO_MODEM_NO_ACCESS, \
		"Chạy bằng sudo hoặc thêm người dùng vào nhóm dialout; cài mmcli hoặc uqmi nếu " \
		"cổng cần chúng.", \
		"Use sudo or join the group dialout; install mmcli or uqmi if the port wants " \
		"them.") \
	X(ER_UNSUPPORTED, "modem này không làm được", "this modem cannot do that") \
	X(DO_UNSUPPORTED, "Dùng cổng AT của modem, hoặc một modem khác.", \
		"Use the modem's AT port, or another modem.") \
	X(ER_RADIO_OFF, "sóng của modem đã bị tắt", "the modem's radio is switched off") \
	X(DO_RADIO_OFF, "Bật lại bằng lệnh AT+CFUN=1.", "Switch it on with AT+CFUN=1.") \
	X(ER_LINE_IN_USE, "modem đang truyền dữ liệu", "the modem is moving data") \
	X(DO_LINE_IN_USE, "Đo lại khi đường truyền nghỉ.", "Measure again when the line is idle.") \
	X(ER_HTTP_STATUS, "máy chủ trả lời, nhưng từ chối", "the server answers and refuses") \
	X(DO_HTTP_STATUS, "Kiểm tra địa chỉ đích; hỏi người quản trị máy chủ.", \
		"Check the target's address; ask whoever runs the server.") \
	X(ER_CERTIFICATE, "chứng chỉ của máy chủ không tin được", \
		"the server's certificate is not to be trusted") \
	X(DO_CERTIFICATE, \
		"Xem ngày giờ của máy có đúng không, rồi kiểm tra ca_file và tên máy chủ.", \
		"See whether this device's date is right, then check ca_file and the server's " \
		"name.") \
	X(ER_BUSY, "máy chủ đang bận đo cho máy khác", "the server is busy with others") \
	X(DO_BUSY, "Chờ vài phút rồi đo lại.", "Wait some minutes and measure again.") \
	X(ER_SOCKET, "hệ điều hành không cho mở kết nối đo", \
		"the system does not allow this measurement") \
	X(DO_SOCKET, "Chạy bằng sudo, và kiểm tra tên sau -i.", \
		"Use sudo, and check the name after -i.") \
	X(ER_OTHER, "không đo được", "it could not be measured") \
	X(DO_OTHER, "Đo lại; nếu lặp lại, gửi gói hỗ trợ: phusong-agent bundle FILE.", \
		"Try again; if it comes back, send what support needs: phusong-agent bundle " \
		"FILE.")

/* Words of the field verdict. */
#define WORDS_VERDICT(X) \
	X(VD_OK, "truy cập tốt", "works") \
	X(VD_NETWORK, "lỗi do mạng", "the network fails") \
	X(VD_SERVICE, "mạng tốt, lỗi do máy chủ", "the network works, the server fails") \
	X(VD_CAPTIVE, "bị chặn bởi cổng đăng nhập, hoặc hết tiền", "a portal, or no credit") \
	X(DO_CAPTIVE, "Nạp tiền hoặc gia hạn gói dữ liệu của SIM; xem có trang đăng nhập không.", \
		"Top up the SIM or renew its data plan; see whether there is a login page.") \
	X(VD_CERTIFICATE, "chứng chỉ không tin được: có thể bị chen giữa", \
		"the certificate is not to be trusted: somebody may stand in between") \
	X(VD_NONE, "không có IPv6", "no IPv6") \
	X(VD_ULA_ONLY, "chỉ có IPv6 nội bộ", "only local IPv6") \
	X(VD_NO_ROUTE, "IPv6 không có đường đi", "IPv6 has no way out") \
	X(VD_DNS_BROKEN, "IPv6: tên không tra được", "IPv6: names are not found") \
	X(VD_BLACK_HOLE, "IPv6: gói lớn bị mất trên đường", \
		"IPv6: large packets vanish on the way") \
	X(VD_BROKEN, "có IPv6 nhưng không dùng được", "IPv6 is there and does not work") \
	X(VD_SLOW, "IPv6 chậm hơn IPv4 nhiều", "IPv6 is much slower than IPv4") \
	X(VD_WORKS, "IPv6 dùng tốt", "IPv6 works") \
	X(VD_NAT64, "chỉ có IPv6, IPv4 qua NAT64", "IPv6 only, IPv4 by NAT64")

/* Results in a sentence. */
#define WORDS_RESULT(X) \
	X(R_LATENCY, "gửi {sent} gói, nhận lại {back} (mất {lost} %)", \
		"{sent} packets sent, {back} came back ({lost} % lost)") \
	X(R_RTT, ", khứ hồi {value}", ", round trip {value}") \
	X(R_SLOWEST, ", chậm nhất {value}", ", slowest {value}") \
	X(R_DOWN, "tải xuống {value}", "down {value}") \
	X(R_UP, "tải lên {value}", "up {value}") \
	X(R_SPENT, ", tốn {value}", ", spent {value}") \
	X(R_LOADED, ", trễ khi tải {value}", ", round trip under load {value}") \
	X(R_NO_CELLS, "dò hết mà không thấy trạm nào", "searched, and no cell was there") \
	X(R_NO_CELL, "không có trạm phục vụ", "no cell serves") \
	X(R_NETWORK, ", mạng {value}", ", network {value}") \
	X(R_LEVEL, ", mức thu {value} ({word})", ", level {value} ({word})") \
	X(R_SINR, ", SINR {value}", ", SINR {value}") \
	X(R_NR, ", phần 5G {value}", ", 5G leg {value}") \
	X(R_REGISTRATION, ", đăng ký: {value}", ", registration: {value}") \
	X(R_SIM, ", SIM: {value}", ", SIM: {value}") \
	X(R_TOTAL, ", tất cả {value}", ", all in {value}") \
	X(R_V4, ", IPv4 {value}", ", IPv4 {value}") \
	X(R_V6, ", IPv6 {value}", ", IPv6 {value}") \
	X(R_DNS, "{resolver} trả lời {rcode} cho {qname}", \
		"{resolver} answers {rcode} for {qname}") \
	X(R_DNS_SILENT, "{resolver} không trả lời cho {qname}", \
		"{resolver} does not answer for {qname}") \
	X(R_DNS_TIME, ", sau {value}", ", after {value}") \
	X(R_DNS_ANSWERS, ", {value} địa chỉ", ", {value} addresses") \
	X(R_DNS_DIFFERS, ", khác các máy chủ DNS kia", ", unlike the other name servers") \
	X(R_PASSIVE, "xem {packets} gói của {flows} kết nối", \
		"looked at {packets} packets of {flows} connections") \
	X(R_PASSIVE_FAR, ", bắt tay phía mạng {value}", ", handshake towards the net {value}") \
	X(R_PASSIVE_NEAR, ", phía máy dùng {value}", ", towards the users {value}") \
	X(R_PASSIVE_AGAIN, ", gửi lại {value} %", ", {value} % sent again") \
	X(R_COMPETING, ", máy khác đang dùng {value}", ", others were using {value}") \
	X(R_DISTURBED, ", bị máy khác dùng chung {value}", ", disturbed by others with {value}") \
	X(R_NOT_KNOWN, "chưa kết luận được", "nothing can be concluded") \
	X(LV_GREAT, "rất tốt", "very good") \
	X(LV_GOOD, "tốt", "good") \
	X(LV_FAIR, "trung bình", "fair") \
	X(LV_POOR, "yếu", "poor") \
	X(LV_BAD, "rất yếu", "very poor") \
	X(LV_SOURCE, "ngưỡng vạch sóng mặc định của Android (AOSP): {bounds}", \
		"default bounds of Android's signal bars (AOSP): {bounds}") \
	X(LV_BOUNDS, "tốt từ {good}, yếu dưới {fair} dBm", \
		"good from {good}, poor below {fair} dBm")

#define WORDS_STATUS(X) \
	X(S_TOP, "{state} {span} nay. {data}", "{state} for {span}. {data}") \
	X(S_STOPPED, "Máy đo KHÔNG CHẠY. {data}", "The agent is NOT RUNNING. {data}") \
	X(S_DATA_ALL, "Dữ liệu đã đến nơi, đủ cả; biên nhận cách đây {span}.", \
		"The data is in, all of it; receipt {span} ago.") \
	X(S_DATA_SENDING, \
		"Dữ liệu đang đến nơi: {n} bản ghi chờ, cũ nhất {oldest}; biên nhận cách đây " \
		"{span}.", \
		"The data is coming in: {n} records wait, the oldest for {oldest}; receipt " \
		"{span} ago.") \
	X(S_DATA_STUCK, \
		"Dữ liệu CHƯA đến nơi: {n} bản ghi chờ, cũ nhất {oldest}; biên nhận cuối cách " \
		"đây {span}.", \
		"The data is NOT in: {n} records wait, the oldest for {oldest}; last receipt " \
		"{span} ago.") \
	X(S_DATA_NONE, \
		"Dữ liệu CHƯA đến nơi: {n} bản ghi chờ, cũ nhất {oldest}. Chưa có biên nhận nào " \
		"từ khi khởi động.", \
		"The data is NOT in: {n} records wait, the oldest for {oldest}. No receipt since " \
		"start.") \
	X(S_DATA_NOTHING, "Chưa có gì để gửi. Chưa có biên nhận nào từ khi khởi động.", \
		"Nothing waits to be sent. No receipt since start.") \
	X(S_DATA_LOCAL, \
		"Không có broker: {n} bản ghi chỉ lưu tại máy; lấy ra bằng phusong-agent export.", \
		"No broker: {n} records are on this device only; take them out with " \
		"phusong-agent export.") \
	X(S_DATA_REST, "{n} bản ghi chờ biên nhận, cũ nhất {oldest}; chúng vẫn nằm trong máy.", \
		"{n} records wait for a receipt, the oldest for {oldest}; they are kept on the " \
		"device.") \
	X(S_DATA_REST_NONE, "Không có bản ghi nào chờ biên nhận.", \
		"No record waits for a receipt.") \
	X(S_AT_UNKNOWN, "không rõ bao lâu", "an unknown time") \
	X(S_PROBE, "Máy đo", "Probe") \
	X(S_SIMULATED, "(MÔ PHỎNG)", "(SIMULATED)") \
	X(S_STATE, "Trạng thái", "State") \
	X(S_STATE_LINE, "{state} ({name}), từ {date}", "{state} ({name}), since {date}") \
	X(S_STATE_BARE, "{state} ({name})", "{state} ({name})") \
	X(S_EVIDENCE, "Vì thấy", "Because") \
	X(S_CLOCK, "Đồng hồ", "Clock") \
	X(S_CLOCK_LINE, "{date}, nguồn {source}", "{date}, from {source}") \
	X(S_CLOCK_ERROR, ", sai số {value} ms", ", error {value} ms") \
	X(S_CLOCK_AGE, ", xác nhận {span} trước", ", confirmed {span} ago") \
	X(S_CLOCK_NONE, "chưa biết giờ; kết quả vẫn lưu, giờ sẽ được điền sau", \
		"not known; results are kept and get their time later") \
	X(S_PLACE, "Vị trí", "Place") \
	X(S_PLACE_LINE, "{lat}, {lon} (WGS 84), ±{accuracy} m, {source}", \
		"{lat}, {lon} (WGS 84), ±{accuracy} m, {source}") \
	X(S_PLACE_NONE, "không khai trong cấu hình; máy chủ thu thập có thể biết", \
		"not in the configuration; the collector's registry may know it") \
	X(S_UPLINK, "Gửi", "Uplink") \
	X(S_UPLINK_NONE, "không có broker, chỉ lưu tại máy", "no broker, journal only") \
	X(S_CONNECTED, "{broker}, đã kết nối", "{broker}, connected") \
	X(S_UNCONNECTED, "{broker}, mất kết nối {span}", "{broker}, not connected for {span}") \
	X(S_PAUSE, "máy chủ xin nghỉ gửi {span}", "the collector asked for a pause of {span}") \
	X(S_JOURNAL, "Nhật ký", "Journal") \
	X(S_JOURNAL_LINE, "{n} bản ghi chờ biên nhận, mới nhất số {newest}, {size}", \
		"{n} records wait for a receipt, newest is number {newest}, {size}") \
	X(S_JOURNAL_OLDEST, ", cũ nhất từ {date}", ", oldest of {date}") \
	X(S_JOURNAL_DROPPED, ", đã phải bỏ {n}", ", {n} had to be dropped") \
	X(S_JOURNAL_EMPTY, "chưa có bản ghi nào", "nothing was ever recorded") \
	X(S_BUDGET, "Dung lượng", "Allowance") \
	X(S_BUDGET_LINE, "đã dùng {used} / {limit} MB, tính lại vào ngày {day}", \
		"{used} of {limit} MB used, begins anew on day {day} of the month") \
	X(S_BUDGET_OUT, ", hết phần cho phép đo lớn", ", nothing left for large tests") \
	X(S_BUDGET_NONE, "không giới hạn, đã dùng {used} MB", "no limit, {used} MB used") \
	X(S_CUT, "Ngừng đo", "Cut") \
	X(S_CUT_LINE, "hết phần dung lượng cho {name}", "no allowance left for {name}") \
	X(S_SUPPRESSED, "Tạm dừng", "Suppressed") \
	X(S_SUPPRESSED_LEFT, "{name}, còn {span}", "{name}, for {span} more") \
	X(S_QUIET, "Giữ yên", "Quiet") \
	X(S_QUIET_LINE, "phép đo lớn chờ: {why}", "large tests wait: {why}") \
	X(S_VERSIONS, "Phiên bản", "Versions") \
	X(S_TESTS, "Phép đo:", "Tests:") \
	X(S_RUNS, "{runs} lần, {failed} lỗi, {left} bỏ qua", \
		"{runs} runs, {failed} failed, {left} left out") \
	X(S_RUNNING, "đang đo", "measuring now") \
	X(S_NEXT, "lần tới sau {span}", "next in {span}") \
	X(S_NOT_YET, "chưa đo", "not yet") \
	X(S_RESULT_AGE, "{span} trước", "{span} ago") \
	X(S_NOT_RUNNING, "phusong-agent không chạy", "no agent is running") \
	X(S_NEVER_RAN, "chưa từng chạy ở đây", "it has never run here") \
	X(S_LAST_SEEN, "Lần cuối", "Last seen") \
	X(S_NO_TIME, "không rõ giờ", "at an unknown time") \
	X(S_ENDED, "kết thúc bình thường", "ended as it should") \
	X(S_STOPPED_SUDDENLY, "ngừng đột ngột: mất điện hoặc bị tắt ngang", \
		"stopped suddenly: power was lost, or it was killed") \
	X(S_NEWEST, "Bản ghi mới nhất:", "Newest record:")

#define WORDS_AIM(X) \
	X(AIM_INTRO, "Xoay ăng-ten thật chậm, dừng bằng Ctrl-C.", \
		"Turn the antenna slowly; Ctrl-C ends this.") \
	X(AIM_BEST, "cao nhất {level}", "best {level}") \
	X(AIM_BEST_AGO, "cao nhất {level} ({span} trước)", "best {level} ({span} ago)") \
	X(AIM_RATE, "{n} lần/giây", "{n}/s") \
	X(AIM_SLOW, "modem chậm: {n} lần/giây", "slow modem: {n}/s") \
	X(AIM_NO_LEVEL, "không thu được gì", "nothing received") \
	X(AIM_SUMMARY, \
		"Cao nhất {level} ({word}) lúc {when}, {cell}; {rounds} lần đo trong {span}.", \
		"Best {level} ({word}) at {when}, {cell}; {rounds} rounds in {span}.") \
	X(AIM_NOTHING, "Không thu được mức nào trong {rounds} lần đo.", \
		"No level was received in {rounds} rounds.")

#define WORDS_BUNDLE(X) \
	X(B_WRITTEN, \
		"{file}: {size}. Đã bỏ mật khẩu, khóa và danh tính thuê bao; hãy xem lại trước " \
		"khi gửi.", \
		"{file}: {size}. Passwords, keys and subscriber identities were taken out; look " \
		"at it before you send it.") \
	X(B_ABOUT, \
		"Gói hỗ trợ của phusong-agent. Tên người dùng, mật khẩu, khóa, IMSI, IMEI, " \
		"ICCID, số điện thoại, địa chỉ MAC và địa chỉ IP công cộng đã được che (X).", \
		"What support needs from phusong-agent. User names, passwords, keys, IMSI, IMEI, " \
		"ICCID, phone numbers, MAC addresses and public IP addresses are masked (X).") \
	X(B_PLACE_COARSE, "Tọa độ làm tròn đến 0,01°.", "Coordinates are rounded to 0.01°.") \
	X(B_PLACE_EXACT, "Tọa độ đầy đủ, theo yêu cầu (--with-place).", \
		"Coordinates are exact, as asked for (--with-place).") \
	X(B_NO_LOG, "không đọc được nhật ký của hệ thống", "the system's log cannot be read")

#define WORDS_HELP(X) \
	X(H_USAGE, "cách dùng:", "usage:") \
	X(H_EVERYWHERE, "Lệnh nào cũng có: --help  --version  --debug PARTS", \
		"Everywhere: --help  --version  --debug PARTS") \
	X(H_CONF, "-c FILE là {path} nếu không nói khác.", "-c FILE is {path} unless told.") \
	X(H_EXIT, \
		"Mã thoát: 0 xong, 1 phép đo hoặc thao tác thất bại, 2 dùng sai hoặc cấu hình " \
		"sai.", \
		"Exit status: 0 done, 1 the measurement or operation failed, 2 wrong use or " \
		"configuration.") \
	X(H_RUN, "đo và gửi kết quả, chạy ở tiền cảnh", "measure and report, in the foreground") \
	X(H_TEST, "đo một lần ngay bây giờ; --follow để chỉnh ăng-ten", \
		"one measurement now; --follow to aim the antenna") \
	X(H_CHECK, "cấu hình sai ở đâu: tệp:dòng", \
		"what is wrong with the configuration: file:line") \
	X(H_STATUS, "dữ liệu đã đến nơi chưa? trạng thái, nhật ký, dung lượng, kết quả mới nhất", \
		"is my data in? state, journal, allowance, last results") \
	X(H_DOCTOR, "từng bước từ nguồn điện đến máy chủ thu thập, và cần làm gì", \
		"every step from power to collector, and what to do") \
	X(H_BUNDLE, "một tệp cho người hỗ trợ, không có mật khẩu và dữ liệu cá nhân", \
		"one file for support, without passwords and personal data") \
	X(H_SURVEY, "đi bộ hoặc lái xe: đo sóng mỗi giây, có vị trí", \
		"walk or drive: signal every second, with position") \
	X(H_ENROLL, "đăng ký máy đo này ở máy chủ bằng mã trên phiếu lắp đặt", \
		"register this probe at the collector with the code of its sheet") \
	X(H_JOURNAL, "đọc các kết quả đang chờ biên nhận", \
		"read the results that wait for a receipt") \
	X(H_EXPORT, "lấy các kết quả đó ra bằng tay, có chữ ký, cho lệnh import của máy chủ", \
		"take those results out by hand, signed, for the collector's import") \
	X(CHECK_GOOD, "{file}: đúng, {n} phép đo", "{file}: good, {n} tests")

#define WORDS_TEXTS(X) \
	WORDS_COMMON(X) \
	WORDS_STATE(X) \
	WORDS_RADIO(X) \
	WORDS_ERROR(X) \
	WORDS_VERDICT(X) WORDS_RESULT(X) WORDS_STATUS(X) WORDS_AIM(X) WORDS_BUNDLE(X) WORDS_HELP(X)

#endif
