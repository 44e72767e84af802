/** Emoji short codes in common use by people and by monitoring apps. */

const TABLE = `
grinning 😀 smiley 😃 smile 😄 grin 😁 laughing 😆 sweat_smile 😅 joy 😂 rofl 🤣 slightly_smiling_face 🙂 upside_down_face 🙃
wink 😉 blush 😊 innocent 😇 heart_eyes 😍 sunglasses 😎 thinking_face 🤔 neutral_face 😐 expressionless 😑 unamused 😒
face_with_rolling_eyes 🙄 grimacing 😬 relieved 😌 pensive 😔 sleeping 😴 sweat 😓 worried 😟 cry 😢 sob 😭 scream 😱
fearful 😨 angry 😠 rage 😡 exploding_head 🤯 nerd_face 🤓 face_with_monocle 🧐 robot_face 🤖 skull 💀 ghost 👻 alien 👽
wave 👋 ok_hand 👌 point_right 👉 point_left 👈 point_up 👆 point_down 👇 +1 👍 thumbsup 👍 -1 👎 thumbsdown 👎 clap 👏
raised_hands 🙌 pray 🙏 muscle 💪 handshake 🤝 eyes 👀 eye 👁️ brain 🧠 heart ❤️ broken_heart 💔 100 💯 boom 💥 dizzy 💫
sparkles ✨ star ⭐ star2 🌟 fire 🔥 zap ⚡ rainbow 🌈 sunny ☀️ cloud ☁️ rain_cloud 🌧️ thunder_cloud_and_rain ⛈️ snowflake ❄️
ocean 🌊 earth_americas 🌎 earth_africa 🌍 globe_with_meridians 🌐 rocket 🚀 airplane ✈️ car 🚗 train 🚆 steam_locomotive 🚂 ship 🚢 ambulance 🚑 fire_engine 🚒
construction 🚧 rotating_light 🚨 traffic_light 🚦 octagonal_sign 🛑 no_entry ⛔ no_entry_sign 🚫 warning ⚠️ x ❌
white_check_mark ✅ heavy_check_mark ✔️ ballot_box_with_check ☑️ question ❓ grey_question ❔ exclamation ❗ bangbang ‼️
information_source ℹ️ red_circle 🔴 large_orange_circle 🟠 large_yellow_circle 🟡 large_green_circle 🟢 large_blue_circle 🔵
large_purple_circle 🟣 white_circle ⚪ black_circle ⚫ large_red_square 🟥 large_green_square 🟩 large_yellow_square 🟨
small_red_triangle 🔺 small_red_triangle_down 🔻 arrow_up ⬆️ arrow_down ⬇️ arrow_right ➡️ arrow_left ⬅️ arrow_upper_right ↗️
arrow_lower_right ↘️ arrows_counterclockwise 🔄 repeat 🔁 leftwards_arrow_with_hook ↩️ fast_forward ⏩ arrow_forward ▶️
double_vertical_bar ⏸️ black_square_for_stop ⏹️ heavy_plus_sign ➕ heavy_minus_sign ➖ mag 🔍 mag_right 🔎 bulb 💡 flashlight 🔦
chart_with_upwards_trend 📈 chart_with_downwards_trend 📉 bar_chart 📊 clipboard 📋 pushpin 📌 round_pushpin 📍 paperclip 📎
link 🔗 memo 📝 pencil 📝 pencil2 ✏️ book 📖 books 📚 bookmark 🔖 page_facing_up 📄 scroll 📜 newspaper 📰 label 🏷️
file_folder 📁 open_file_folder 📂 card_index_dividers 🗂️ file_cabinet 🗄️ wastebasket 🗑️ package 📦 inbox_tray 📥 outbox_tray 📤
email 📧 envelope ✉️ incoming_envelope 📨 bell 🔔 no_bell 🔕 loudspeaker 📢 mega 📣 speech_balloon 💬 thought_balloon 💭
calendar 📅 date 📅 spiral_calendar_pad 🗓️ hourglass ⌛ hourglass_flowing_sand ⏳ watch ⌚ alarm_clock ⏰ stopwatch ⏱️ timer_clock ⏲️
clock1 🕐 clock3 🕒 computer 💻 desktop_computer 🖥️ keyboard ⌨️ floppy_disk 💾 electric_plug 🔌 battery 🔋 satellite_antenna 📡
wrench 🔧 hammer 🔨 hammer_and_wrench 🛠️ gear ⚙️ nut_and_bolt 🔩 toolbox 🧰 shield 🛡️ lock 🔒 unlock 🔓 key 🔑 old_key 🗝️
bug 🐛 snake 🐍 whale 🐳 dolphin 🐬 turtle 🐢 elephant 🐘 owl 🦉 ant 🐜 bee 🐝 test_tube 🧪 microscope 🔬 telescope 🔭 dart 🎯
moneybag 💰 money_with_wings 💸 dollar 💵 credit_card 💳 receipt 🧾 abacus 🧮 factory 🏭 office 🏢 house 🏠 hospital 🏥
tada 🎉 confetti_ball 🎊 trophy 🏆 medal 🏅 gift 🎁 coffee ☕ tea 🍵 beer 🍺 pizza 🍕 cake 🍰 apple 🍎 doughnut 🍩 seedling 🌱
evergreen_tree 🌲 crossed_fingers 🤞 shrug 🤷 facepalm 🤦 raising_hand 🙋 technologist 🧑‍💻 firefighter 🧑‍🚒 detective 🕵️
lighthouse 🗼 anchor ⚓ sos 🆘 new 🆕 up 🆙 ok 🆗 checkered_flag 🏁 triangular_flag_on_post 🚩 white_flag 🏳️ jigsaw 🧩 magnet 🧲
compass 🧭 world_map 🗺️ fuelpump ⛽ infinity ♾️ recycle ♻️ adhesive_bandage 🩹 pill 💊 stethoscope 🩺 thermometer 🌡️
one 1️⃣ two 2️⃣ three 3️⃣ four 4️⃣ five 5️⃣ six 6️⃣ seven 7️⃣ eight 8️⃣ nine 9️⃣ keycap_ten 🔟 zero 0️⃣ white_square_button 🔳
`;

const words = TABLE.trim().split(/\s+/);
const CODES = new Map(words.flatMap((word, i) => (i % 2 ? [] : [[word, words[i + 1]]])));

/** The character for "mag" or ":mag:" (skin tones are ignored), or undefined. */
export const emojiOf = (code) =>
  CODES.get(
    String(code)
      .replace(/^:|:$/g, "")
      .replace(/::skin-tone-\d$/, ""),
  );

/** Up to eight [code, character] pairs whose code starts with, or else contains, the query. */
export function emojiMatching(query) {
  const rank = (code) => (code.startsWith(query) ? 0 : 1);
  return [...CODES]
    .filter(([code]) => code.includes(query))
    .sort(([a], [b]) => rank(a) - rank(b))
    .slice(0, 8);
}
