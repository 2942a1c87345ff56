// SPDX-License-Identifier: MIT
pragma solidity 0.8.35;

import {IERC4626} from "@openzeppelin/contracts/interfaces/IERC4626.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";

import {IMandateBook, RescueOutcome} from "../interfaces/IMandateBook.sol";
import {IMarginVault} from "../interfaces/IMarginVault.sol";
import {IMarketCharter} from "../interfaces/IMarketCharter.sol";
import {IMarketFactory, MarketAddresses} from "../interfaces/IMarketFactory.sol";
import {
    Explanation,
    Fate,
    IMarketLens,
    MarketItem,
    MarketSnapshot,
    PositionHealth
} from "../interfaces/IMarketLens.sol";
import {IOracle} from "../interfaces/IOracle.sol";
import {IReserveLedger} from "../interfaces/IReserveLedger.sol";
import {BorrowMath} from "../libraries/BorrowMath.sol";
import {BoxMath} from "../libraries/BoxMath.sol";
import {LiquidationMath} from "../libraries/LiquidationMath.sol";
import {MarketMath} from "../libraries/MarketMath.sol";
import {PositionMath} from "../libraries/PositionMath.sol";
import {SkewMath} from "../libraries/SkewMath.sol";
import {TokenScale} from "../libraries/TokenScale.sol";
import {Assessment} from "../types/Assessment.sol";
import {Closing} from "../types/Closing.sol";
import {Market} from "../types/Market.sol";
import {Position} from "../types/Position.sol";
import {Terms} from "../types/Terms.sol";

/// @title MarketLens
/// @notice Batched reads for keepers, command line and page.
contract MarketLens is IMarketLens {
    using MarketMath for Market;
    using PositionMath for Position;

    /// @dev Enough for any honest market, and little enough that many broken ones fit into one call [gas].
    uint256 private constant _GAS_PER_MARKET = 1_000_000;

    /// @inheritdoc IMarketLens
    function health(
        address marginVault,
        uint256[] calldata positionIds
    ) external view returns (PositionHealth[] memory items, uint256 price, uint64 observedAt) {
        IMarketCharter charter = IMarketCharter(IMarginVault(marginVault).charter());
        (price, observedAt) = IOracle(charter.oracle()).latest();
        items = healthAt(marginVault, positionIds, price);
    }

    /// @inheritdoc IMarketLens
    function explain(
        address marginVault,
        uint256 positionId,
        uint256 price
    ) external view returns (Explanation memory explanation) {
        uint256[] memory positionIds = new uint256[](1);
        positionIds[0] = positionId;
        PositionHealth memory item = this.healthAt(marginVault, positionIds, price)[0];
        explanation.health = item;
        explanation.marginLeft = item.position.margin;
        if (item.position.size == 0) return explanation;
        if (item.gain >= int256(uint256(item.position.reserve))) {
            explanation.fate = Fate.AtCap;
        } else if (item.equity >= int256(item.maintenanceMargin)) {
            explanation.fate = Fate.Healthy;
        } else if (block.timestamp < item.coolingUntil && 2 * item.equity >= int256(item.maintenanceMargin)) {
            explanation.fate = Fate.CoolingOff;
        } else {
            _explainAction(IMarginVault(marginVault), explanation, price);
        }
    }

    /// @inheritdoc IMarketLens
    function snapshots(
        address factory,
        uint256 first,
        uint256 count
    ) external view returns (MarketItem[] memory items) {
        uint256 last = IMarketFactory(factory).marketCount();
        uint256 present = first > last || first == 0 ? 0 : last - first + 1;
        items = new MarketItem[](count < present ? count : present);
        for (uint256 i; i < items.length; ++i) {
            MarketAddresses memory addresses = IMarketFactory(factory).marketOf(first + i);
            try this.snapshot{gas: _GAS_PER_MARKET}(addresses) returns (MarketSnapshot memory read) {
                items[i] = MarketItem({readable: true, snapshot: read});
            } catch {
                items[i].snapshot.addresses = addresses;
            }
        }
    }

    /// @inheritdoc IMarketLens
    function snapshot(MarketAddresses calldata addresses) external view returns (MarketSnapshot memory read) {
        IMarginVault vault = IMarginVault(addresses.marginVault);
        IReserveLedger pool = IReserveLedger(addresses.liquidityVault);
        read.addresses = addresses;
        read.market = vault.market();
        read.market.accrue(block.timestamp);
        read.cash = pool.cash();
        read.reserved = pool.reserved();
        read.utilization = BorrowMath.utilization(read.reserved, read.cash);
        IMarketCharter charter = IMarketCharter(vault.charter());
        read.maxOpenInterest = charter.maxOpenInterest();
        read.latestTermsId = charter.latestTermsId();
        read.increasesStoppedUntil = charter.increasesStoppedUntil();
        read.deadOracleNotice = charter.deadOracleNotice();
        uint8 decimals = IERC20Metadata(addresses.liquidityVault).decimals();
        read.sharePriceToken = IERC4626(addresses.liquidityVault).convertToAssets(10 ** decimals);
        try IOracle(charter.oracle()).latest() returns (uint256 price, uint64 observedAt) {
            read.price = price;
            read.observedAt = observedAt;
        } catch (bytes memory reason) {
            read.oracleError = reason;
        }
    }

    /// @inheritdoc IMarketLens
    function healthAt(
        address marginVault,
        uint256[] calldata positionIds,
        uint256 price
    ) public view returns (PositionHealth[] memory items) {
        IMarginVault vault = IMarginVault(marginVault);
        Market memory market = vault.market();
        market.accrue(block.timestamp);
        IMarketCharter charter = IMarketCharter(vault.charter());
        uint256 skewScale = charter.curves().skewScale;
        items = new PositionHealth[](positionIds.length);
        for (uint256 i; i < positionIds.length; ++i) {
            items[i].positionId = positionIds[i];
            items[i].position = vault.position(positionIds[i]);
            if (items[i].position.size == 0) continue;
            _assess(items[i], market, charter.terms(items[i].position.termsId), price);
            items[i].capped = _reachesCap(items[i], market.skew(), skewScale, price);
        }
    }

    function _explainAction(IMarginVault vault, Explanation memory explanation, uint256 price) private view {
        IMarketCharter charter = IMarketCharter(vault.charter());
        PositionHealth memory item = explanation.health;
        Terms memory terms = charter.terms(item.position.termsId);
        uint256 floor = terms.keeperFeeFloor;
        (explanation.pulled, explanation.rescue) = IMandateBook(charter.addresses().mandateBook).preview(
            item.positionId,
            item.equity,
            item.maintenanceMargin,
            floor,
            false
        );
        if (explanation.rescue == RescueOutcome.Rescued) {
            explanation.fate = Fate.Rescued;
            explanation.keeperFee = floor;
            explanation.marginLeft += explanation.pulled - floor;
            return;
        }
        Market memory market = vault.market();
        market.accrue(block.timestamp);
        uint256 scale = charter.tokenScale();
        uint256 skewScale = charter.curves().skewScale;
        Position memory position = BoxMath.copy(item.position);
        Assessment memory assessment;
        assessment.terms = terms;
        LiquidationMath.assess(assessment, market, position, price);
        // Folded as the vault folds it.
        position.openNotional = int96(position.openNotional + item.owed);
        (position.fundingIndex, position.borrowIndex) = (market.fundingIndex, market.borrowIndex);
        uint256 closed = LiquidationMath.sizeToClose(position, assessment, price, skewScale, scale);
        int256 delta = BoxMath.closingDelta(position, closed);
        explanation.fillPrice = SkewMath.fillPrice(price, assessment.skew, delta, skewScale);
        Closing memory closing = BoxMath.close(position, closed, explanation.fillPrice, scale);
        uint256 extra = position.size == 0 ? LiquidationMath.feeFromReserve(position.margin, floor, scale) : 0;
        uint256 fee = LiquidationMath.feeOf(closed, price, terms);
        explanation.fee = BoxMath.takeFromMargin(position, fee) + extra;
        explanation.keeperFee = explanation.fee < terms.keeperFeeCap ? explanation.fee : terms.keeperFeeCap;
        explanation.sizeDelta = closing.closedSize;
        explanation.shortfall = closing.shortfall;
        explanation.fate = position.size == 0 ? Fate.LiquidatedWhole : Fate.LiquidatedInPart;
        if (position.size == 0) explanation.paidOut = TokenScale.floorToToken(position.margin, scale);
        explanation.marginLeft = position.size == 0 ? 0 : position.margin;
    }

    function _assess(PositionHealth memory item, Market memory market, Terms memory terms, uint256 price) private pure {
        Position memory position = item.position;
        uint256 ratio = uint256(terms.maintenanceMarginRatio) + terms.liquidationFeeRatio;
        item.owed = position.accrued(market.fundingIndex, market.borrowIndex);
        item.gain = position.gain(price, item.owed);
        item.equity = position.equity(item.gain);
        item.notional = PositionMath.notional(position.size, price);
        item.maintenanceMargin = PositionMath.maintenanceMargin(item.notional, ratio, terms.minMaintenance);
        item.initialMargin = PositionMath.initialMargin(item.notional, terms);
        item.liquidationPrice = position.liquidationPrice(item.owed, ratio, terms.minMaintenance);
        bool belowCap = item.gain < int256(uint256(position.reserve));
        item.liquidatable = belowCap && item.equity < int256(item.maintenanceMargin);
        if (position.cooldown != 0) item.coolingUntil = uint256(position.priceTime) + position.cooldown;
    }

    function _reachesCap(
        PositionHealth memory item,
        int256 skew,
        uint256 skewScale,
        uint256 price
    ) private pure returns (bool) {
        Position memory position = item.position;
        uint256 fill = SkewMath.fillPrice(price, skew, -int256(position.size), skewScale);
        return position.gain(fill, item.owed) >= int256(uint256(position.reserve));
    }
}
