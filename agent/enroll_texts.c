/* SPDX-License-Identifier: Apache-2.0 */
#include "enroll_texts.h"

const struct enroll_text talk_texts[TALK_TROUBLES] = {
	[TALK_OK] = { { "", "" }, { "", "" } },
	[TALK_URL] = { { "Địa chỉ máy chủ phải bắt đầu bằng https://",
			       "The collector's address must begin with https://" },
		{ "Chép lại đúng địa chỉ trên phiếu lắp đặt, ví dụ https://phusong.tinh.vn.",
			"Copy the address from the installation sheet, such as "
			"https://collector.example." } },
	[TALK_NAME] = { { "Không tìm thấy máy chủ theo tên này",
				"No address was found for this name" },
		{ "Kiểm tra tên máy chủ và DNS: phusong-agent doctor.",
			"Check the name, and the name servers: phusong-agent doctor." } },
	[TALK_NO_ANSWER] = { { "Máy chủ không trả lời", "The collector does not answer" },
		{ "Kiểm tra kết nối dữ liệu (phusong-agent doctor), rồi thử lại cùng mã này.",
			"Check the data connection (phusong-agent doctor), then try again with "
			"the same code." } },
	[TALK_UNTRUSTED] = { { "Chứng thư của máy chủ không do nơi nào mà thiết bị này tin cậy ký",
				     "The server's certificate is signed by nobody this device "
				     "trusts" },
		{ "Dùng --pin hoặc --ca như trên phiếu lắp đặt. Không bỏ qua lỗi này: có thể có "
		  "người đứng giữa.",
			"Use --pin or --ca from the installation sheet. Do not work around it: "
			"somebody may sit in between." } },
	[TALK_WRONG_NAME] = { { "Chứng thư của máy chủ là của tên khác",
				      "The server's certificate is for another name" },
		{ "Dùng đúng tên máy chủ như trên phiếu lắp đặt, không dùng địa chỉ IP.",
			"Use the server's name as on the installation sheet, not its IP "
			"address." } },
	[TALK_NOT_YET] = { { "Đồng hồ của thiết bị đi sai (quá khứ), nên chứng thư bị coi là chưa "
			     "có "
			     "hiệu lực",
				   "The clock of this device is in the past, so the certificate "
				   "seems not valid yet" },
		{ "Đặt giờ: date -s 'NĂM-THÁNG-NGÀY GIỜ:PHÚT', hoặc chờ NTP, rồi thử lại.",
			"Set it: date -s 'YYYY-MM-DD HH:MM', or wait for NTP, then try again." } },
	[TALK_EXPIRED] = { { "Chứng thư của máy chủ đã hết hạn",
				   "The server's certificate has expired" },
		{ "Xem đồng hồ của thiết bị (date); nếu đúng giờ, báo cho người quản trị máy chủ.",
			"Look at the clock of this device (date); if it is right, tell whoever "
			"runs the server." } },
	[TALK_PIN] = { { "Khóa của máy chủ không phải khóa ghi trên phiếu (--pin)",
			       "The server's key is not the one on the sheet (--pin)" },
		{ "Kiểm tra đã chép đúng. Nếu đúng: khóa đã đổi hoặc có người đứng giữa; hỏi "
		  "người quản trị.",
			"Check that it was copied right. If so: the key was changed, or somebody "
			"sits in between; ask whoever runs the server." } },
	[TALK_CA_FILE] = { { "Không đọc được tệp --ca", "The file of --ca cannot be read" },
		{ "Tệp phải là chứng thư PEM mà ai cũng đọc được.",
			"It must be a certificate in PEM that everybody may read." } },
	[TALK_OTHER] = { { "Không trao đổi được với máy chủ", "Talking to the collector failed" },
		{ "", "" } },
};

const struct enroll_text enroll_claim_form = { { "Mã đăng ký phải có 16 ký tự",
						       "A claim code has 16 symbols" },
	{ "Mã có dạng 7K3M-9QXW-T2RD-H8VC; không có I, L, O, U.",
		"It looks like 7K3M-9QXW-T2RD-H8VC; there is no I, L, O, U in it." } };
const struct enroll_text enroll_claim_typo = { { "Mã đăng ký bị gõ sai",
						       "The claim code is mistyped" },
	{ "Một ký tự sai hoặc hai ký tự đổi chỗ: so lại với phiếu.",
		"A symbol is wrong, or two were exchanged: compare it with the sheet." } };
const struct enroll_text enroll_no_key = { { "Không có khóa riêng trên thiết bị",
						   "There is no private key on this device" },
	{ "Chạy lệnh bằng quyền root (sudo).", "Run this as root (sudo)." } };
const struct enroll_text enroll_future = { { "Chứng thư của máy chủ chưa có hiệu lực",
						   "The server's certificate is not valid yet" },
	{ "Xem đồng hồ của thiết bị (date); nếu đúng giờ, báo cho người quản trị máy chủ.",
		"Look at the clock of this device (date); if it is right, tell whoever runs the "
		"server." } };
const struct enroll_text enroll_not_there = { { "Máy chủ này không nhận đăng ký thiết bị",
						      "This server takes no enrolments" },
	{ "Kiểm tra địa chỉ; trên máy chủ, enroll.brokers phải có ít nhất một broker.",
		"Check the address; on the collector, enroll.brokers must name a broker." } };
const struct enroll_text enroll_not_understood = {
	{ "Không hiểu câu trả lời của máy chủ", "The server's answer is not understood" },
	{ "Địa chỉ này có phải của máy chủ phusong? Nếu đúng, cập nhật phusong-agent.",
		"Is this the address of a phusong collector? If so, update phusong-agent." }
};
const struct enroll_text enroll_not_kept = {
	{ "Không ghi được kết quả vào thiết bị", "The result cannot be written on this device" },
	{ "Kiểm tra bộ nhớ còn trống (df), chạy lại cùng mã này.",
		"Check that there is room (df), then run it again with the same code." }
};

const struct enroll_refusal enroll_refusals[] = {
	{ "claim_malformed",
		{ { "Máy chủ báo mã bị gõ sai", "The collector says the code is mistyped" },
			{ "So lại với phiếu.", "Compare it with the sheet." } } },
	{ "claim_unknown",
		{ { "Máy chủ không biết mã này", "The collector does not know this code" },
			{ "Kiểm tra mã và địa chỉ máy chủ; mã có thể đã bị thu hồi.",
				"Check code and address; the code may have been withdrawn." } } },
	{ "claim_expired", { { "Mã đã hết hạn", "The code has expired" },
				   { "Xin mã mới từ người quản trị.",
					   "Ask whoever runs the collector for a new one." } } },
	{ "claim_used",
		{ { "Mã đã được dùng cho thiết bị khác, hoặc thiết bị đã ngừng dùng",
			  "The code was used by another probe, or this one is retired" },
			{ "Mỗi thiết bị cần một mã riêng: xin mã mới.",
				"Each probe needs a code of its own: ask for a new one." } } },
	{ "request_refused", { { "Máy chủ từ chối khóa của thiết bị",
				       "The collector refuses this device's key" },
				     { "", "" } } },
	{ "bad_request",
		{ { "Máy chủ không hiểu yêu cầu", "The collector does not understand the request" },
			{ "Cập nhật phusong-agent.", "Update phusong-agent." } } },
	{ "too_many",
		{ { "Quá nhiều lần thử sai từ mạng này", "Too many wrong tries from this network" },
			{ "Chờ mười phút rồi thử lại.", "Wait ten minutes and try again." } } },
	{ "failed", { { "Máy chủ gặp lỗi", "The collector failed" },
			    { "Thử lại cùng mã này; nếu vẫn lỗi, báo người quản trị máy chủ.",
				    "Try again with the same code; if it fails again, tell whoever "
				    "runs the server." } } },
	{ NULL, { { NULL, NULL }, { NULL, NULL } } },
};
