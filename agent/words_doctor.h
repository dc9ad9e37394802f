/* SPDX-License-Identifier: Apache-2.0 */
/* The texts of doctor: key, vi, en.  T_ titles of steps, D_ what was seen, A_ what to do. */
#ifndef AGENT_WORDS_DOCTOR_H
#define AGENT_WORDS_DOCTOR_H

#define WORDS_DOCTOR_TITLES(X) \
	X(PASS, "ĐẠT", "pass") \
	X(FAIL, "LỖI", "FAIL") \
	X(SKIP, "BỎ", "skip") \
	X(T_POWER, "Nguồn điện", "Power") \
	X(T_FOLDER, "Thư mục dữ liệu", "State folder") \
	X(T_AGENT, "Chương trình đang chạy", "Agent is running") \
	X(T_MODEM, "Modem", "Modem") \
	X(T_SIM, "SIM", "SIM") \
	X(T_REGISTRATION, "Đăng ký mạng", "Registered with the network") \
	X(T_SIGNAL, "Mức thu", "Signal level") \
	X(T_ADDRESS, "Địa chỉ mạng", "Network address") \
	X(T_DNS, "Phân giải tên (DNS)", "Names (DNS)") \
	X(T_CLOCK, "Đồng hồ", "Clock") \
	X(T_INTERNET, "Internet", "Internet") \
	X(T_BROKER, "Kết nối broker MQTT", "MQTT broker") \
	X(T_RECEIPT, "Biên nhận của máy chủ thu thập", "Receipt of the collector") \
	X(T_PLACE, "Vị trí", "Place") \
	X(T_JOURNAL, "Đĩa và nhật ký", "Disk and journal") \
	X(T_BUDGET, "Dung lượng tháng", "Month's data allowance") \
	X(DR_CAUSE, "Nguyên nhân có thể nhất", "Most likely cause") \
	X(DR_BECAUSE, "xem lại sau khi sửa bước \"{step}\"", \
		"look again once \"{step}\" is mended") \
	X(DR_NO_TIME, "hết thời gian của lệnh này", "this command's time is up") \
	X(DR_ALL_GOOD, "Không bước nào có lỗi.", "No step failed.") \
	X(DR_OVERDUE, "gần một phút chưa xong: máy đang treo ở bước này", \
		"nearly a minute: the device hangs at this step")

#define WORDS_DOCTOR_DEVICE(X) \
	X(D_POWER_UNKNOWN, "máy này không tự đo nguồn", "this device does not measure its power") \
	X(D_POWER_LOW, "điện áp thấp, bo mạch báo", "under-voltage, says the board") \
	X(D_POWER_BATTERY, "chạy bằng pin, còn {n} %", "on battery, {n} % left") \
	X(D_POWER_MAINS, "có điện lưới", "on mains") \
	X(D_POWER_ENOUGH, "điện áp đủ", "the voltage is enough") \
	X(A_POWER_LOW, \
		"Dùng bộ nguồn đúng loại của bo mạch và cáp ngắn, dày; cấp điện riêng cho modem " \
		"(hub USB có nguồn).", \
		"Use the supply made for this board with a short, thick cable; power the modem " \
		"on its own (a powered USB hub).") \
	X(A_POWER_BATTERY, "Kiểm tra điện lưới hoặc tấm pin mặt trời: khi hết pin máy ngừng đo.", \
		"Check the mains or the solar panel: without charge it stops measuring.") \
	X(D_SEEN, "{seen}", "{seen}") \
	X(D_PATH_ERROR, "{path}: {error}", "{path}: {error}") \
	X(A_FOLDER, \
		"Tạo thư mục và cấp quyền cho người dùng của chương trình; lệnh này cần chạy " \
		"bằng quyền đó (sudo).", \
		"Make the folder and give it to the agent's user; run this command with the same " \
		"rights (sudo).") \
	X(A_READ_ONLY, \
		"Hệ thống tệp chỉ đọc: thẻ nhớ có thể hỏng. Xem dmesg; thay thẻ nếu có lỗi đọc " \
		"ghi.", \
		"The file system is read-only: the card may be worn out. See dmesg; replace the " \
		"card if it has errors.") \
	X(D_AGENT_RUNS, "{probe}, đã chạy {span}", "{probe}, running for {span}") \
	X(D_AGENT_STOPPED, "không chạy", "not running") \
	X(D_AGENT_SILENT, "có chạy nhưng không trả lời", "it runs and does not answer") \
	X(D_AGENT_ERROR, "không hỏi được: {error}", "cannot be asked: {error}") \
	X(A_AGENT, "Chạy: systemctl start phusong-agent; xem lỗi: journalctl -u phusong-agent.", \
		"Start it: systemctl start phusong-agent; see why not: journalctl -u " \
		"phusong-agent.") \
	X(A_AGENT_SILENT, "Chờ một phút; nếu vẫn vậy: systemctl restart phusong-agent.", \
		"Wait a minute; if it stays so: systemctl restart phusong-agent.") \
	X(A_SUDO, "Chạy lệnh này bằng sudo.", "Run this command with sudo.") \
	X(D_DISK, "còn trống {free}; {n} bản ghi chờ, {size}", \
		"{free} free; {n} records wait, {size}") \
	X(D_DISK_FREE, "còn trống {free}", "{free} free") \
	X(D_DISK_FULL, "chỉ còn trống {free}", "only {free} free") \
	X(D_DISK_DROPPED, "; đã phải bỏ {n}", "; {n} had to be dropped") \
	X(A_DISK_FULL, \
		"Xóa bớt tệp trên máy, hoặc dùng thẻ nhớ lớn hơn; giảm journal.size_mb nếu cần.", \
		"Delete files on the device or use a larger card; lower journal.size_mb if need " \
		"be.") \
	X(A_JOURNAL, \
		"Xem dmesg: thẻ nhớ có thể hỏng. Lấy kết quả ra trước: phusong-agent export.", \
		"See dmesg: the card may be worn out. Take the results out first: phusong-agent " \
		"export.") \
	X(D_BUDGET, "đã dùng {used} / {limit} MB", "{used} of {limit} MB used") \
	X(D_BUDGET_NONE, "không giới hạn", "no limit") \
	X(A_BUDGET, \
		"Các phép đo lớn nghỉ đến ngày {day}. Nếu gói cước lớn hơn, tăng " \
		"budget.month_mb.", \
		"Large tests rest until day {day} of the month. If the data plan is larger, " \
		"raise budget.month_mb.") \
	X(D_CLOCK, "{date} ({source})", "{date} ({source})") \
	X(D_CLOCK_UNCONFIRMED, "{date}, chưa nguồn nào xác nhận", "{date}, confirmed by nobody") \
	X(D_CLOCK_NONE, "chưa biết giờ", "the time is not known") \
	X(A_CLOCK, \
		"Bật NTP: timedatectl set-ntp true. Kết quả vẫn được lưu, giờ sẽ được điền sau.", \
		"Switch NTP on: timedatectl set-ntp true. Results are kept and get their time " \
		"later.") \
	X(D_PLACE, "{lat}, {lon}, ±{accuracy} m ({source})", \
		"{lat}, {lon}, ±{accuracy} m ({source})") \
	X(D_PLACE_NONE, "không khai trong cấu hình", "not in the configuration") \
	X(D_PLACE_KNOWN, \
		"không khai ở đây; máy chủ đang nhận dữ liệu, hãy xem nơi đặt trên trang \"Máy " \
		"đo\"", \
		"not told here; the collector takes the data, see its page \"Probes\" for the " \
		"place") \
	X(A_PLACE, \
		"Ghi place.lat và place.lon đã khảo sát, hoặc khai nơi đặt máy ở máy chủ thu " \
		"thập.", \
		"Put the surveyed place.lat and place.lon in, or register the place at the " \
		"collector.")

#define WORDS_DOCTOR_RADIO(X) \
	X(D_NO_MODEM, "không có phép đo nào dùng modem", "no test uses a modem") \
	X(D_MODEM, "{port} {model}", "{port} {model}") \
	X(D_MODEM_ERROR, "{port}: {error}", "{port}: {error}") \
	X(D_MODEM_PENDING, "{port}: chưa có kết quả, chờ một phút", \
		"{port}: no result yet, wait a minute") \
	X(D_MODEM_HELD, "{port}: chương trình đang chạy giữ cổng này", \
		"{port}: the running agent holds it") \
	X(A_SIM_MISSING, "Tắt nguồn, lắp lại SIM đúng chiều; thử SIM trong điện thoại.", \
		"Switch off, put the SIM in again the right way round; try it in a phone.") \
	X(A_SIM_PIN, "Tắt mã PIN bằng điện thoại rồi lắp lại SIM.", \
		"Switch the SIM's PIN off with a phone and put it in again.") \
	X(A_SIM_PUK, "Hỏi nhà mạng mã PUK, mở khóa bằng điện thoại; đừng thử đoán.", \
		"Ask the operator for the PUK and unlock it with a phone; do not guess.") \
	X(D_REGISTRATION, "{word} {rat} {plmn}", "{word} {rat} {plmn}") \
	X(D_REGISTRATION_CAUSE, "{word}, mã {cause} (TS 24.301)", \
		"{word}, cause {cause} (TS 24.301)") \
	X(A_REGISTRATION, \
		"Kiểm tra ăng-ten. Nếu không có sóng thật, đây là kết quả đo: cứ để máy chạy, " \
		"kết quả sẽ được gửi sau.", \
		"Check the antenna. If there is no signal, that is the measurement: leave it " \
		"running, results are sent later.") \
	X(A_REGISTRATION_DENIED, \
		"Mạng từ chối SIM này: hỏi nhà mạng xem SIM đã kích hoạt và còn hạn không.", \
		"The network refuses this SIM: ask the operator whether it is active and paid " \
		"for.") \
	X(D_SIGNAL, "{level}, {word}; {source}", "{level}, {word}; {source}") \
	X(D_SIGNAL_NONE, "modem không cho biết mức thu", "the modem does not tell a level") \
	X(A_SIGNAL, \
		"Nâng hoặc xoay ăng-ten, xem mức thu thay đổi: phusong-agent test signal " \
		"--follow. Nếu không hơn được, đây chính là kết quả đo.", \
		"Raise or turn the antenna and watch the level: phusong-agent test signal " \
		"--follow. If it gets no better, that is the measurement.")

#define WORDS_DOCTOR_NET(X) \
	X(D_NO_DEFAULT, "không có đường ra mặc định", "there is no default route") \
	X(D_ADDRESS, "{iface}: {families}", "{iface}: {families}") \
	X(D_ADDRESS_NONE, "{iface} không có địa chỉ", "{iface} has no address") \
	X(A_ADDRESS, \
		"Bật kết nối dữ liệu (APN của nhà mạng); kiểm tra SIM còn tiền và còn dung " \
		"lượng.", \
		"Bring up the data connection (the operator's APN); check the SIM's credit.") \
	X(D_NO_NAMES, "cấu hình chỉ dùng địa chỉ, không dùng tên", \
		"the configuration has addresses only, no names") \
	X(D_DNS_SILENT, "{host}: không máy chủ DNS nào trả lời", \
		"{host}: no name server answered") \
	X(D_DNS_NO_SUCH, "{host}: không có tên này", "{host}: there is no such name") \
	X(D_DNS_FAILED, "{host}: máy chủ DNS báo lỗi", "{host}: the name server fails") \
	X(A_DNS, "Kiểm tra máy chủ DNS (agent.dns) và tên broker trong uplink.brokers.", \
		"Check the name server (agent.dns) and the broker's name in uplink.brokers.") \
	X(A_DNS_NAME, "Kiểm tra tên \"{host}\" trong cấu hình: có thể viết sai.", \
		"Check the name \"{host}\" in the configuration: it may be misspelt.") \
	X(D_NO_TARGET, "không có phép đo nào ra Internet", "no test goes to the Internet") \
	X(D_TARGET, "{target}: {result}", "{target}: {result}") \
	X(A_TARGET, "Kiểm tra SIM còn tiền và gói dữ liệu; thử một đích khác.", \
		"Check the SIM's credit and data plan; try another target.") \
	X(D_BROKER, "{broker}, MQTT {version}", "{broker}, MQTT {version}") \
	X(D_BROKER_TRIED, "{broker}: nối và đăng nhập được", "{broker}: connected and let in") \
	X(D_BROKER_CLOSED, "{broker}: máy có đó, cổng đóng", \
		"{broker}: the host is there, its port is closed") \
	X(D_BROKER_SILENT, "{broker}: không trả lời", "{broker}: no answer") \
	X(D_BROKER_ERROR, "{broker}: {error}", "{broker}: {error}") \
	X(D_BROKER_CERT, "{broker}: chứng chỉ không tin được", \
		"{broker}: its certificate is not to be trusted") \
	X(D_BROKER_PASSWORD, "{broker}: sai tên hoặc mật khẩu", \
		"{broker}: user or password are wrong") \
	X(D_BROKER_NOT_ALLOWED, "{broker}: không cho máy đo này vào", \
		"{broker}: this probe is not allowed in") \
	X(D_BROKER_FILE, "{path}: {error}", "{path}: {error}") \
	X(D_NO_BROKER, "uplink.brokers = [ ]: chỉ lưu tại máy", \
		"uplink.brokers = [ ]: journal only") \
	X(A_NO_BROKER, \
		"Đăng ký đầu đo bằng phusong-agent enroll, hoặc ghi địa chỉ broker vào " \
		"uplink.brokers, hoặc mang kết quả đi bằng phusong-agent " \
		"export.", \
		"Bring it in with phusong-agent enroll, or put the broker's address into " \
		"uplink.brokers, or carry the results with " \
		"phusong-agent export.") \
	X(A_BROKER, \
		"Kiểm tra địa chỉ, cổng, chứng chỉ trong mục uplink; hỏi người quản trị máy chủ.", \
		"Check address, port and certificate in the section uplink; ask whoever runs the " \
		"server.") \
	X(A_BROKER_CLOSED, \
		"Kiểm tra cổng trong uplink.brokers; hỏi người quản trị xem broker có chạy " \
		"không.", \
		"Check the port in uplink.brokers; ask whoever runs the broker whether it is up.") \
	X(A_BROKER_CERT, "Kiểm tra ngày giờ, uplink.ca_file và tên máy chủ trong uplink.brokers.", \
		"Check the date, uplink.ca_file and the host's name in uplink.brokers.") \
	X(A_BROKER_PASSWORD, \
		"Kiểm tra uplink.user và uplink.password_file; hỏi người quản trị mật khẩu của " \
		"máy đo này.", \
		"Check uplink.user and uplink.password_file; ask the administrator for this " \
		"probe's password.") \
	X(A_BROKER_NOT_ALLOWED, \
		"Kiểm tra uplink.user và uplink.password_file; máy đo này đã được đăng ký ở máy " \
		"chủ chưa?", \
		"Check uplink.user and uplink.password_file; is this probe registered at the " \
		"server?") \
	X(A_BROKER_FILE, "Kiểm tra tên và quyền của tệp trong mục uplink.", \
		"Check the name and the rights of that file of the section uplink.") \
	X(D_RECEIPT, "cách đây {span}, {n} bản ghi đang chờ", "{span} ago, {n} records wait") \
	X(D_RECEIPT_NONE, "chưa có, {n} bản ghi đang chờ", "none yet, {n} records wait") \
	X(D_RECEIPT_EARLY, "chưa có, máy mới chạy {span}", "none yet, it runs for {span} only") \
	X(D_RECEIPT_UNKNOWN, "chỉ biết khi chương trình đang chạy", \
		"known only while the agent runs") \
	X(A_RECEIPT, \
		"Chờ vài phút. Nếu vẫn không có: máy đo đã được đăng ký ở máy chủ chưa? Kết quả " \
		"vẫn nằm trong máy.", \
		"Wait some minutes. If there is still none: is this probe registered there? " \
		"Results stay on the device.")

#define WORDS_DOCTOR(X) \
	WORDS_DOCTOR_TITLES(X) WORDS_DOCTOR_DEVICE(X) WORDS_DOCTOR_RADIO(X) WORDS_DOCTOR_NET(X)

#endif
