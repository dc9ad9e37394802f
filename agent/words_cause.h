/* SPDX-License-Identifier: Apache-2.0 */
/* Causes of access states, the words of the field cause (docs/access.md): key, vi, en. */
#ifndef AGENT_WORDS_CAUSE_H
#define AGENT_WORDS_CAUSE_H

#define WORDS_CAUSE(X) \
	X(CAUSE_CUT, "bị cắt điện", "the power was cut") \
	X(CAUSE_BROWN_OUT, "điện áp tụt trước khi mất điện", \
		"the voltage sagged before the power went") \
	X(CAUSE_OVERHEAT, "quá nóng", "too hot") \
	X(CAUSE_WATCHDOG, "máy treo, bộ giám sát khởi động lại", \
		"the device hung, its watchdog restarted it") \
	X(CAUSE_PORT_GONE, "cổng của modem không còn", "the modem's port is gone") \
	X(CAUSE_NO_ANSWER, "modem không trả lời", "the modem does not answer") \
	X(CAUSE_MISSING, "không có SIM", "there is no SIM") \
	X(CAUSE_FAILURE, "SIM hỏng", "the SIM does not work") \
	X(CAUSE_PIN, "SIM chờ mã PIN", "the SIM asks for its PIN") \
	X(CAUSE_PUK, "SIM chờ mã PUK", "the SIM asks for its PUK") \
	X(CAUSE_NO_CELL, "dò nhiều lần mà không thấy trạm nào", "repeated surveys found no cell") \
	X(CAUSE_EMERGENCY_ONLY, "chỉ gọi khẩn cấp", "emergency calls only") \
	X(CAUSE_OTHER_NETWORKS, "chỉ có trạm của mạng khác", "only cells of other networks") \
	X(CAUSE_NOT_TOLD, "mạng từ chối, không nói lý do", "refused, no reason told") \
	X(CAUSE_SUBSCRIBER, "mạng không nhận thuê bao hoặc SIM này", \
		"the network does not accept this subscriber or SIM") \
	X(CAUSE_DEVICE, "mạng không nhận thiết bị này", "the network does not accept this device") \
	X(CAUSE_DATA_NOT_ALLOWED, "SIM không được dùng dữ liệu ở đây", \
		"this SIM may not use data here") \
	X(CAUSE_NOT_ALLOWED_HERE, "SIM không được dùng mạng hoặc vùng này", \
		"this SIM may not use this network or area") \
	X(CAUSE_ROAMING, "SIM không được chuyển vùng", "this SIM may not roam") \
	X(CAUSE_NO_SUITABLE, "vùng này không có trạm cho SIM này", "no cell here for this SIM") \
	X(CAUSE_NETWORK_TROUBLE, "mạng quá tải hoặc gặp lỗi", "the network is congested or fails") \
	X(CAUSE_REJECT, "mạng từ chối với một lý do khác", "refused with another reason") \
	X(CAUSE_NO_ADDRESS, "không có địa chỉ IP", "there is no address") \
	X(CAUSE_CONTEXT_REFUSED, "mạng từ chối kết nối dữ liệu: kiểm tra APN và gói cước", \
		"the network refused the data connection: check APN and data plan") \
	X(CAUSE_DNS, "không máy chủ DNS nào trả lời", "no name server answers") \
	X(CAUSE_ROUTE, "máy không có đường ra", "this device knows no way out") \
	X(CAUSE_UNREACHABLE, "không tới được đích nào", "no target is reached") \
	X(CAUSE_PORTAL, "có trang khác trả lời thay", "a page of somebody else answers") \
	X(CAUSE_NO_CREDIT, "nhà mạng báo hết tiền", \
		"the operator says that the credit is used up") \
	X(CAUSE_BROKER, "không broker nào trả lời", "no broker answers") \
	X(CAUSE_RECEIPTS, "broker trả lời, máy chủ thu thập thì không", \
		"the broker answers, the collector does not") \
	X(CAUSE_TARGET_DOWN, "một đích không tới được, mạng vẫn tốt", \
		"one target is down, the net works") \
	X(CAUSE_START, "mới khởi động, chưa thấy gì", "just started, nothing was seen yet") \
	X(CAUSE_POWER_BACK, "vừa có điện lại", "started again after power was lost") \
	X(CAUSE_NOT_REGISTERED, "chưa đăng ký mạng, chưa kết luận được", \
		"not registered, nothing is proven yet") \
	X(CAUSE_UNTOLD, "modem không nói đã đăng ký mạng chưa", \
		"the modem does not tell its registration") \
	X(CAUSE_UNTESTED, "đã đăng ký mạng, chưa thử Internet", \
		"registered, the net is not tested yet") \
	X(CAUSE_PORT_BUSY, "chương trình khác giữ cổng modem", \
		"another program holds the modem's port") \
	X(CAUSE_NO_ACCESS, "không mở được cổng modem", "the modem's port cannot be opened") \
	X(CAUSE_NOT_READ, "không đọc được modem", "the modem could not be read") \
	X(CAUSE_STALE, "lâu rồi không có kết quả mới", "what was seen is too old")

#endif
