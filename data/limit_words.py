"""Names of people and of things to like, for LIMIT-style collections; this project's own lists."""

from __future__ import annotations


def _words(text: str) -> tuple[str, ...]:
    """The entries of `text`, split at white space; a hyphen within an entry becomes a space."""
    return tuple(word.replace("-", " ") for word in text.split())


FIRST_NAMES = _words(
    """
Abigail Adela Adrian Agatha Agnes Alan Albert Alexandra Alfred Alice Alma Alvin Amanda Amelia Amos Amy
Andrea Andrew Angela Anita Anna Anthony Antonia Archie Arlene Arnold Arthur Astrid Audrey Augustus Aurora
Barbara Barnaby Basil Beatrice Benedict Benjamin Bernard Bertha Bertram Beryl Blanche Boris Brenda Brian
Bridget Bruno Calvin Camille Carla Carlos Carol Caspar Catherine Cecil Celia Charles Charlotte Chloe
Christina Clara Clarence Claudia Clement Clifford Conrad Constance Cora Cornelius Cynthia Cyril Daisy Daniel
Daphne David Dean Deborah Delia Dennis Derek Diana Dominic Donald Dora Doris Dorothy Douglas Duncan Edgar
Edith Edmund Edward Eileen Elaine Eleanor Eli Elijah Elizabeth Ella Elmer Elsie Emily Emma Enid Eric Ernest
Esther Ethan Ethel Eugene Eva Evelyn Ezra Faith Felix Fergus Fiona Flora Florence Frances Francis Frank
Freda Frederick Gareth Gavin Gemma Geoffrey George Georgia Gerald Gertrude Gilbert Gilda Gladys Gloria
Gordon Grace Graham Greta Gregory Gwen Hannah Harold Harriet Harry Harvey Hazel Hector Helen Henry Herbert
Herman Hilda Horace Howard Hubert Hugo Humphrey Ian Ida Ingrid Irene Iris Isaac Isabel Ivan Ivor Jack Jacob
Jane Janet Jasper Jean Jennifer Jeremy Jessica Joan Joel John Jonah Joseph Josephine Joyce Judith Julia
Julian June Karen Keith Kenneth Kirsten Larry Laura Lawrence Leah Leonard Leopold Leroy Leslie Lewis Lilian
Linda Lionel Lola Louis Louise Lucas Lucy Luther Lydia Mabel Magnus Malcolm Marcus Margaret Maria Marianne
Marjorie Martha Martin Mary Matilda Matthew Maud Maurice Max Melissa Michael Mildred Miles Millicent Miranda
Miriam Molly Monica Montague Mortimer Muriel Myra Nadia Nancy Naomi Natalie Nathan Neil Nell Nicholas Nigel
Nina Noel Nora Norman Octavia Olga Oliver Olivia Oscar Osmond Oswald Owen Pamela Patricia Patrick Paul Paula
Pauline Penelope Percy Peter Philip Phoebe Phyllis Quentin Rachel Ralph Raymond Rebecca Reginald Rex Richard
Robert Roderick Roger Roland Rosalind Rosa Rowena Roy Rufus Rupert Ruth Sabina Samuel Sandra Sarah Sebastian
Selma Sheila Sidney Silas Silvia Simon Sofia Stanley Stella Stephen Susan Sylvester Tabitha Tamara Terence
Thelma Theodore Theresa Thomas Tobias Trevor Ursula Valerie Vera Vernon Veronica Victor Victoria Vincent
Viola Virginia Vivian Walter Wanda Warren Wendy Wilfred William Wilma Winifred Yvonne Zelda
"""
)

SURNAMES = _words(
    """
Abbott Ackerman Adcock Ainsworth Aldridge Allard Ambrose Appleby Archer Ashdown Ashworth Atherton Atwood
Babcock Bagshaw Bainbridge Baldwin Bancroft Bardsley Barlow Barnaby Barraclough Bartlett Bassett Bateman
Baxter Beckett Bellamy Benbow Bickford Birtwistle Blackwood Blakeley Blenkinsop Bloomfield Bolton Bosworth
Bradshaw Braithwaite Bramley Brearley Brewster Briggs Broadbent Brockhurst Bromley Buckley Bullock Burgess
Burnham Butterworth Calloway Camberwell Cartwright Chadwick Challoner Chapman Chatterton Cheeseman Clapham
Clutterbuck Cobb Cockburn Colbert Compton Conway Coppard Corbett Cotterill Coverdale Crabtree Cranston
Crawford Cresswell Crompton Crowther Culpepper Cunliffe Dalrymple Danvers Darby Davenport Dawlish Dearborn
Denholm Dewhurst Digby Dobson Donnelly Drayton Drinkwater Duckworth Dunstan Eastwood Eccles Edgerton Egerton
Ellingham Elphick Entwistle Fairbanks Fairweather Falconer Farnsworth Fenwick Fielding Finch Fitzroy
Fletcher Fothergill Foxworth Frobisher Gainsford Gallagher Garrick Gatenby Gifford Gladwin Goddard
Goodfellow Gosling Grantham Greenhalgh Gresham Grimshaw Hadley Haldane Halliwell Hammersley Hardcastle
Hargreaves Harrington Haverford Hawthorne Haywood Hebden Heneghan Hepworth Herriot Hetherington Higginbottom
Hinchcliffe Hobday Holbrook Hollingsworth Holroyd Honeywell Hornby Huddleston Hutchings Illingworth Ingham
Inglewood Jardine Jessop Jolliffe Kavanagh Keating Kellaway Kempthorne Kendrick Kershaw Kettering Kilpatrick
Kingsley Kirkbride Knightley Lambert Lancaster Langdale Larkin Latimer Lavender Leadbetter Leighton
Lightfoot Lindqvist Linwood Lockhart Longbottom Loxley Ludlow Lumley Mainwaring Mallory Mandeville Marchbank
Marlowe Massingham Mayhew Meadowcroft Merriweather Micklethwait Middleton Millington Molyneux Montrose
Moorcroft Mortlake Mulligan Musgrave Napier Naseby Nesbitt Nettleton Newbury Nightingale Norwood Nuttall
Oakley Oldfield Ormerod Osgood Ottaway Oxley Packwood Paddock Pargeter Parkinson Partridge Peabody Pemberton
Penhaligon Pennington Pettigrew Pickering Pilkington Plumstead Polkinghorne Postlethwaite Prendergast
Prescott Quigley Quimby Radcliffe Rainsford Ramsbottom Ravenscroft Redgrave Ridgeway Rockwell Rosewood
Rothwell Rushton Sandringham Satterthwaite Saxby Scarborough Sedgwick Selwyn Shackleton Sheridan
Shuttleworth Sidebottom Skelton Smithers Southwell Spofforth Stackpole Stanhope Stapleton Stockbridge
Strickland Sutcliffe Swinburne Tattersall Templeton Thackeray Thistlewood Thornbury Tilbury Tottenham
Trelawney Trevelyan Tunstall Twickenham Underhill Upjohn Vandermeer Vaughan Wainwright Wakefield Walmsley
Warburton Waverley Wentworth Westbrook Wetherby Whitaker Whittingham Wigglesworth Winterbourne Withers
Wolstenholme Woodhouse Worthington Wycliffe Yardley Yelverton Youngblood
"""
)

# Nearly every thing is a single distinct word, so word matching can tell all things apart.
THINGS = _words(
    """
aardvarks alpacas anteaters antelopes armadillos baboons badgers bats beavers bison boars bobcats buffaloes
bumblebees butterflies camels caribou catfish centipedes chameleons cheetahs chinchillas chipmunks cicadas
clams cobras cockatoos coyotes crabs crayfish crickets crocodiles dingoes dolphins donkeys dormice
dragonflies earthworms eels elephants elks ferrets fireflies foxes frogs gazelles geckos gerbils gibbons
giraffes gnus goats goldfish gophers gorillas grasshoppers groundhogs guppies hamsters hares hedgehogs
herrings hippos hornets horses hyenas ibexes iguanas impalas jackals jaguars jellyfish kangaroos koalas
ladybirds lemmings lemurs leopards lions lizards llamas lobsters lynxes mackerel manatees mandrills mantises
marmots martens meerkats minnows mongooses moose mosquitoes moths mules muskrats narwhals newts ocelots
octopuses okapis opossums orangutans orcas otters oxen oysters pandas panthers penguins pigs pikas piranhas
platypuses ponies porcupines porpoises prawns pumas pythons rabbits raccoons reindeer rhinos salamanders
sardines scorpions seahorses seals sharks sheep shrews shrimp skinks sloths slugs snails sparrows spiders
squid squirrels starfish stingrays stoats sturgeon tadpoles tapirs tarantulas termites tigers toads
tortoises trout tuna turtles voles wallabies walruses warthogs wasps weasels weevils whales wildebeest
wolverines wolves wombats yaks zebras
albatrosses avocets bitterns blackbirds buntings buzzards canaries cassowaries chickadees condors coots
cormorants cranes crows cuckoos curlews doves ducks dunlins eagles egrets emus falcons finches flamingos
fulmars gannets geese goldcrests goshawks grebes grouse guillemots gulls hawks herons hoopoes hummingbirds
ibises jackdaws jays kestrels kingfishers kites kiwis lapwings larks linnets loons macaws magpies mallards
nightingales nightjars nuthatches orioles ospreys ostriches owls parakeets partridges peacocks pelicans
petrels pheasants pigeons pipits plovers ptarmigans puffins quails ravens redstarts robins rooks sandpipers
shearwaters shrikes siskins skylarks snipes spoonbills starlings storks swallows swans swifts terns thrushes
toucans treecreepers turkeys turnstones vultures wagtails warblers waxwings whimbrels woodcocks woodpeckers
wrens yellowhammers
acacias acorns alders almonds anemones apricots asters azaleas bamboo banyans baobabs beeches begonias
birches bluebells brambles bromeliads buttercups cacti camellias carnations cattails cedars chestnuts
chrysanthemums clover columbines cornflowers cowslips crocuses cyclamens cypresses daffodils dahlias daisies
dandelions delphiniums dogwoods edelweiss elderberries elms eucalyptus ferns figs firs forsythia foxgloves
fuchsias gardenias gentians geraniums ginkgos gladioli goldenrod gorse hawthorns hazels heather hellebores
hibiscus hollies hollyhocks honeysuckle hostas hyacinths hydrangeas irises ivy jasmine junipers larches
larkspur laurels lavender lichens lilacs lilies lindens lotuses lupins magnolias mahogany mangroves maples
marigolds mimosas mistletoe mosses mulberries myrtle narcissi nasturtiums nettles oaks oleanders orchids
palms pansies peonies petunias phlox pines poplars poppies primroses ragwort redwoods reeds rhododendrons
rosemary roses rowans rushes saffron sedges sequoias snapdragons snowdrops spruces sunflowers sycamores
tamarinds teasels thistles toadstools tulips verbena violets wallflowers willows wisteria yarrow yews
zinnias
apples artichokes asparagus aubergines avocados bananas beetroot blackberries blackcurrants blueberries
broccoli cabbages carrots cauliflowers celeriac celery chard cherries chicory chillies clementines coconuts
courgettes cranberries cucumbers damsons dates endives fennel garlic gooseberries grapefruits grapes guavas
horseradish kale kohlrabi kumquats leeks lemons lentils lettuces limes loganberries lychees mandarins
mangoes marrows melons mushrooms nectarines okra olives onions oranges papayas parsnips peaches pears peas
peppers persimmons pineapples plantains plums pomegranates potatoes pumpkins quinces radishes raisins
raspberries rhubarb rocket satsumas shallots spinach sprouts squashes strawberries swedes sweetcorn
tangerines tomatoes truffles turnips watercress watermelons yams
baguettes baklava biryani biscuits blinis borscht bouillabaisse bratwurst brioche brownies burritos calzones
cannelloni caramel casseroles caviar cereal ceviche cheesecakes chowder chutney ciabatta cobblers coleslaw
couscous crackers crepes croissants croquettes crumble crumpets cupcakes curries custard doughnuts dumplings
eclairs empanadas enchiladas falafel fondue fritters fudge gazpacho gelato gingerbread gnocchi goulash
granola gravy guacamole gumbo gyros haggis halva honey hummus jambalaya jelly kebabs kedgeree ketchup kimchi
lasagne liquorice macaroni macarons marmalade marshmallows marzipan mayonnaise meatballs meringues mincemeat
minestrone moussaka muesli muffins mustard nachos noodles nougat oatmeal omelettes paella pancakes paprika
parfait pastrami pavlova pesto pickles pierogi pilaf pizza polenta popcorn porridge pralines pretzels
profiteroles puddings quesadillas quiche ramen ratatouille ravioli risotto salami salsa samosas sandwiches
sauerkraut sausages schnitzel scones semolina sherbet shortbread sorbet souffles soup spaghetti stew
stroganoff strudel sushi syrup tabbouleh tacos tagine tapas tapioca tempura teriyaki tiramisu toast toffee
tofu tortillas treacle trifle truffade tzatziki vinegar waffles walnuts wasabi yoghurt
allspice aniseed basil brie camembert caraway cardamom cheddar chives cinnamon cloves coriander cumin dill
edam feta ginger gorgonzola gouda halloumi mascarpone mint mozzarella nutmeg oregano parmesan parsley
pecorino ricotta roquefort sage stilton sumac tarragon thyme turmeric vanilla
ale brandy buttermilk cappuccino champagne cider cocoa coffee cordial cortado espresso ginger-beer kefir
kombucha lager latte lemonade limoncello macchiato matcha mead milkshakes mocha oolong perry port prosecco
punch root-beer rooibos sake sherry smoothies stout tea tonic vermouth whisky
accordions bagpipes balalaikas banjos bassoons bongos bugles castanets cellos clarinets concertinas cornets
cymbals didgeridoos drums dulcimers fiddles flutes glockenspiels gongs guitars harmonicas harps harpsichords
kazoos lutes lyres mandolins maracas marimbas metronomes oboes ocarinas organs panpipes piccolos pianos
recorders saxophones sitars spinets synthesisers tambourines theremins timpani trombones trumpets tubas
ukuleles vibraphones violas violins whistles xylophones zithers
anthems arias ballads ballet bebop bluegrass bolero boogie bossa-nova calypso cantatas capoeira chants
choirs concertos disco duets fado fandangos fanfares flamenco foxtrots fugues funk gospel grunge hip-hop
hymns jazz jigs jitterbug klezmer lambada lullabies madrigals mariachi mazurkas minuets nocturnes opera
oratorios overtures polkas polonaises preludes psalms quadrilles quartets quicksteps ragtime reggae requiems
rhapsodies rumba samba serenades skiffle sonatas symphonies tango tap-dancing techno waltzes yodelling
zydeco
abseiling aikido archery badminton baseball basketball biathlons billiards bobsleigh bowling boxing canoeing
canyoning caving climbing cricket croquet curling cycling darts decathlons diving dodgeball dressage fencing
fishing football gliding golf gymnastics handball hang-gliding high-jumps hiking hockey hopscotch hurdles
hurling javelins jogging judo juggling karate kayaking kickboxing lacrosse long-jumps luge marathons netball
orienteering paintball parachuting paragliding parkour pentathlons petanque pilates polo pole-vaulting
powerlifting quoits racquetball rafting relays rounders rowing rugby sailing sculling shinty skateboarding
skating skiing skipping skydiving sledging snooker snorkelling snowboarding softball sprinting steeplechases
sumo surfing swimming table-tennis taekwondo tai-chi tennis tobogganing trampolining triathlons tug-of-war
volleyball wakeboarding water-polo weightlifting windsurfing wrestling yoga
acrostics anagrams backgammon balloons bingo bridge cards carousels charades checkers chess conkers cribbage
crosswords dice dollhouses dominoes draughts frisbees gin-rummy go-karts hangman hula-hoops jigsaws
kaleidoscopes leapfrog lotteries mahjong marbles marionettes mazes patience pinball pinwheels poker
pogo-sticks puppets puzzles quizzes rattles riddles roulette rummy scrabble-boards seesaws skittles
slingshots solitaire spinning-tops stilts sudoku swings teddies tiddlywinks tombolas treasure-hunts
tricycles trivia whist yo-yos
astrology astronomy baking basketry batik beading beekeeping birdwatching blacksmithing bookbinding brewing
calligraphy cartooning carving ceramics cheesemaking collages composting cooking crocheting decoupage
dressmaking embroidery enamelling engraving etching falconry felting flower-arranging foraging gardening
genealogy gilding glassblowing glazing hat-making hedge-laying ikebana jewellery-making kite-flying knitting
lacemaking letterpress lithography macrame marbling marquetry metal-detecting mosaics needlepoint origami
painting patchwork photography pottery printmaking quilting rambling sculpting sewing sketching soapmaking
spelunking stamp-collecting stargazing storytelling tailoring tapestry tatting taxidermy thatching topiary
trainspotting upholstery ventriloquism watercolours weaving welding whittling winemaking woodturning
anvils augers axes barometers bellows binoculars bolts brooms buckets callipers chainsaws chisels clamps
compasses corkscrews cranks crowbars drills easels files flanges funnels gaskets gauges gears gimlets
gramophones grindstones hacksaws hammers hatchets hinges hoes hooks jacks ladders lathes latches lawnmowers
lenses levers magnets mallets microscopes mops nails nozzles nuts paintbrushes pencils periscopes pickaxes
pistons pitchforks planes pliers ploughs prisms protractors pulleys pumps rakes ratchets rivets rulers
sanders sandpaper saws scales scissors screwdrivers scythes secateurs sextants shovels sickles sieves spades
spanners spirit-levels sprockets staplers sundials tape-measures telescopes thermometers tongs trowels
tweezers vices washers wedges wheelbarrows winches wrenches
alarm-clocks aprons armchairs ashtrays barrels baskets bathtubs beanbags benches blankets blenders bookcases
bookmarks bottles bowls bunk-beds bureaus cabinets calendars candles candlesticks carpets casks chairs
chandeliers chests chopsticks clocks coasters colanders combs cots couches cradles crates cupboards curtains
cushions cutlery decanters desks diaries dishwashers drawers dressers duvets envelopes fans fireplaces forks
freezers frying-pans goblets grandfather-clocks hammocks hampers inkwells jars jugs kettles keyrings ladles
lampshades lanterns letterboxes lockets mantelpieces matches mattresses mirrors mugs napkins ottomans ovens
pans parasols pendulums pepper-mills photo-albums picture-frames pillows pincushions pitchers plates
postcards pots quills quilts radiators refrigerators rocking-chairs rolling-pins rugs saucepans saucers
sewing-machines shelves showers sideboards sinks skillets snow-globes sofas spatulas spoons stools suitcases
tablecloths tables tankards teapots toasters towels trays trunks tumblers typewriters umbrellas urns
vacuum-cleaners vases wallpaper wardrobes whisks woks
anklets anoraks bandanas bathrobes belts berets blazers blouses bonnets boots bowties bracelets braces
brooches capes cardigans clogs cloaks coats corsets cravats cufflinks denim dresses dungarees earmuffs
earrings espadrilles fedoras fezzes flannel fleeces frills galoshes garters gloves gowns handbags
handkerchiefs hats headscarves hoodies jackets jeans jodhpurs jumpers kilts kimonos lace leggings linen
mittens moccasins muslin neckties necklaces nightgowns overalls pendants petticoats plimsolls ponchos
pyjamas raincoats ribbons rucksacks sandals saris sarongs satin scarves sequins shawls shirts shoes shorts
silk skirts slippers sneakers socks sombreros spectacles stockings suits sunglasses suspenders sweaters
swimsuits taffeta tartan tiaras tights togas top-hats trainers trousers tunics turbans tuxedos tweed twill
veils velvet waistcoats wellingtons wigs wristwatches yarn zips
agate alabaster amber amethyst aquamarine azure basalt beige beryl brass bronze burgundy cameos cerulean
charcoal chartreuse chrome cobalt copper coral cork crimson crystals diamonds ebony emeralds garnets glass
gold granite graphite indigo iron jade jasper khaki lapis-lazuli lead limestone magenta malachite marble
maroon mauve mica mother-of-pearl obsidian ochre onyx opals parchment pearls pewter platinum porcelain
porphyry pumice quartz rubies sandstone sapphires scarlet sepia shale silver slate soapstone steel tanzanite
taupe teal terracotta tin titanium topaz tortoiseshell tourmaline turquoise vermilion viridian zinc zircon
abbeys airports alleys aquariums aqueducts archipelagos arenas atolls attics avenues bakeries ballrooms
barns basilicas bazaars beaches belfries bogs bookshops boulevards breweries bungalows cafes canals canyons
castles catacombs cathedrals caves cellars chalets chapels citadels cliffs cloisters cottages courtyards
coves crypts dams deltas deserts dunes estuaries fairgrounds farms fens fjords fords forests fortresses
fountains galleries gardens gazebos geysers glaciers glades gorges greenhouses grottoes harbours hedgerows
hills hostels igloos inns islands isthmuses jetties jungles kiosks labyrinths lagoons lakes launderettes
libraries lighthouses log-cabins lidos mansions markets marshes meadows mills minarets moors mosques
mountains museums oases observatories oceans orchards pagodas palaces parks pavilions peninsulas piers
plateaus playgrounds ponds prairies pubs pyramids quarries quays rainforests rapids ravines reefs reservoirs
restaurants rivers ruins savannahs sewers shipyards skyscrapers spires springs squares stadiums stations
steppes stupas summits swamps synagogues taverns temples theatres towers treehouses tunnels valleys viaducts
villages vineyards volcanoes waterfalls watermills wharves windmills woods ziggurats zoos
auroras autumn blizzards breezes clouds comets constellations cyclones dawn dew downpours drizzle droughts
dusk eclipses equinoxes fog frost gales galaxies hail haze heatwaves hurricanes icicles lightning meteors
midnight mist monsoons moonlight nebulae noon planets puddles pulsars quasars rainbows satellites sleet
snowflakes solstices starlight storms summer sunrises sunsets supernovas thunder tides tornadoes twilight
typhoons whirlwinds winter zephyrs
aeroplanes airships ambulances barges bicycles biplanes buses cable-cars camper-vans canoes caravans
carriages catamarans chariots coaches convertibles dinghies dirigibles drones dumper-trucks escalators
ferries fire-engines forklifts freighters frigates funiculars galleons gliders gondolas hansom-cabs
helicopters hot-air-balloons hovercraft hydrofoils jeeps lifeboats limousines locomotives longships lorries
minibuses monorails mopeds motorcycles omnibuses paddle-steamers penny-farthings pontoons rafts railcars
rickshaws rockets schooners scooters segways sidecars sleds sleighs snowmobiles snowploughs space-shuttles
stagecoaches steamboats submarines taxis tractors trains trams trawlers trolleybuses tugboats unicycles vans
wagons yachts zeppelins
acoustics aerodynamics algebra algorithms anatomy anthropology archaeology arithmetic ballistics
biochemistry biology botany calculus cartography chemistry chronology climatology combinatorics cosmology
cryptography crystallography cybernetics demography dialectics dynamics ecology economics electronics
embryology entomology epidemiology ethics etymology forestry fractals genetics geography geology geometry
geophysics glaciology grammar haematology heraldry herpetology histology history horology horticulture
hydraulics hydrology immunology ichthyology jurisprudence kinetics law lexicography limnology linguistics
logic logistics magnetism mathematics mechanics metallurgy metaphysics meteorology metrics microbiology
mineralogy mycology mythology navigation neurology numerology numismatics nutrition oceanography optics
ornithology palaeontology parasitology pathology pedagogy petrology pharmacology philately philology
philosophy phonetics physics physiology phrenology probability psychology rhetoric robotics seismology
semantics semiotics sociology statistics surveying taxonomy theology thermodynamics topology toxicology
trigonometry typography virology volcanology zoology
adventures allegories almanacs ambition anthologies aphorisms atlases autobiographies balance bestiaries
biographies calm candour charity chivalry clarity comedies comics compassion courage creativity curiosity
detective-stories dictionaries dignity discipline documentaries eloquence elegies empathy encyclopaedias
epics epigrams equality essays etiquette fables fairness fairy-tales fantasies farces folklore fortitude
freedom friendship frugality generosity ghost-stories gratitude haikus harmony hieroglyphs honesty hope
humility humour hyperbole imagination independence integrity irony journals joy justice kindness laughter
legends leisure limericks loyalty manuscripts melodramas memoirs mercy metaphors mime miracles modesty
monologues mottoes mysteries newspapers nonsense-verse nostalgia novels obituaries odes optimism palindromes
pantomimes parables paradoxes parodies passion patriotism peace perseverance plays poems politeness
prophecies prose proverbs prudence puns punctuality romances sagas satires screenplays scrolls secrets
serenity serials silence simplicity sincerity soliloquies solitude sonnets spontaneity stoicism surprises
sympathy tact thrillers tolerance tragedies tranquillity travelogues trust truth utopias vignettes
wanderlust westerns wisdom wit wonder zeal
accountants acrobats actors anniversaries archaeologists architects astronauts auctioneers banquets baptisms
barbecues barbers bards beach-parties beekeepers birthdays blacksmiths botanists butchers butlers carnivals
carols carpenters cartographers ceremonies chauffeurs chefs circuses clowns cobblestones comedians composers
concerts conductors conjurors coopers coronations cowboys dentists detectives diplomats druids elections
engineers explorers farmers feasts ferrymen festivals fiddlers firefighters fireworks fishmongers florists
gamekeepers glaziers goldsmiths graduations harvests hermits holidays jesters jewellers jockeys jubilees
jugglers knights librarians lifeguards lumberjacks magicians masquerades mayors mermaids milkmen milliners
minstrels monks mountaineers nomads nurses optometrists parades parties pharmacists picnics pilgrims pilots
pirates plasterers plumbers poets postmen potters processions professors regattas reunions sailors samurai
saddlers scarecrows sculptors shepherds sheriffs shoemakers silversmiths snowmen soldiers spies stonemasons
stuntmen surgeons tailors tinkers toymakers trapeze-artists troubadours undertakers vets vikings waiters
watchmakers weddings wizards zookeepers
alsatians basset-hounds beagles bloodhounds border-collies bulldogs chihuahuas corgis dachshunds dalmatians
greyhounds huskies labradors malamutes mastiffs newfoundlands papillons pekingese pointers poodles pugs
retrievers rottweilers salukis samoyeds schnauzers setters spaniels terriers whippets abyssinians bengals
ragdolls sphynxes tabbies appaloosas clydesdales lipizzaners mustangs palominos shetlands shires
abacuses adverbs amplifiers antennas batteries blackboards blueprints calculators cameras cassettes
compact-discs computers crayons diodes dynamos earphones erasers flashlights floppy-discs fountain-pens
gearboxes generators gyroscopes headphones highlighters holograms hourglasses index-cards joysticks
keyboards laptops lasers light-bulbs loudspeakers megaphones microchips microphones modems motors
nightlights notebooks oscilloscopes paperclips payphones phonographs photocopiers printers projectors radios
rubber-stamps scanners seismographs semaphores servers slide-rules solar-panels spreadsheets stethoscopes
switchboards telegrams telephones televisions toolboxes transistors turbines turntables walkie-talkies
weathervanes webcams whiteboards wind-chimes
afternoon-naps bear-hugs bonfires bubble-baths campfires cloud-watching cold-showers compliments daydreams
early-starts empty-trains fresh-bread gossip handwritten-letters hot-chocolate long-lunches lucky-pennies
midnight-snacks new-shoelaces open-windows paper-boats popping-corks quiet-evenings rope-swings sandcastles
shadows skimming-stones sleeping-bags snowball-fights sunbathing tickling tree-climbing warm-socks whispers
window-shopping
"""
)

# Adjectives that compose more things than the list has.
KINDS = _words("old small large red blue green striped wooden foreign cheap rare noisy famous broken")
