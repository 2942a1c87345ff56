// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {DeadOracleNotice} from "./IMarketCharter.sol";
import {RescueOutcome} from "./IMandateBook.sol";
import {MarketAddresses} from "./IMarketFactory.sol";
import {Market} from "../types/Market.sol";
import {Position} from "../types/Position.sol";

/// @dev What a liquidation would do to a position.
enum Fate {
    NotOpen,
    Healthy,
    /// @dev Its gain has reached its reserve: it may be settled at its cap, never liquidated.
    AtCap,
    CoolingOff,
    Rescued,
    LiquidatedInPart,
    LiquidatedWhole
}

/// @dev Where a position stands at a price. Amounts are WAD quote.
struct PositionHealth {
    uint256 positionId;
    Position position;
    /// @dev Unrealized PnL less what funding and borrowing have cost.
    int256 gain;
    /// @dev Margin plus gain, bounded by the reserve.
    int256 equity;
    uint256 notional;
    uint256 maintenanceMargin;
    uint256 initialMargin;
    /// @dev Index price at which equity meets maintenance margin, with what has accrued so far [WAD quote per base].
    uint256 liquidationPrice;
    /// @dev Funding and borrow fees since they were last folded, + means the position pays.
    int256 owed;
    /// @dev Equity is below maintenance margin and the gain below the reserve.
    bool liquidatable;
    /// @dev The gain at the fill price of a full close has reached the reserve.
    bool capped;
    /// @dev Until when a partial liquidation must wait [s]; 0 when none was.
    uint256 coolingUntil;
}

/// @dev The receipt of a liquidation before the fact, as {ILiquidation-PositionLiquidated} or
/// {ILiquidation-PositionRescued} would give it. Amounts are WAD quote.
struct Explanation {
    Fate fate;
    PositionHealth health;
    /// @dev What trying the position's mandate would come to.
    RescueOutcome rescue;
    /// @dev What would leave the owner's wallet.
    uint256 pulled;
    /// @dev [WAD base]
    int256 sizeDelta;
    /// @dev [WAD quote per base]
    uint256 fillPrice;
    uint256 fee;
    uint256 keeperFee;
    /// @dev What would go to the owner.
    uint256 paidOut;
    uint256 shortfall;
    /// @dev What the position would hold afterwards.
    uint256 marginLeft;
}

/// @dev A market at a glance.
struct MarketSnapshot {
    MarketAddresses addresses;
    /// @dev Sums and indices, accrued to now.
    Market market;
    /// @dev Index price [WAD quote per base]; 0 when the oracle refuses.
    uint256 price;
    uint64 observedAt;
    /// @dev Why the oracle refuses, as an encoded error; empty when it does not.
    bytes oracleError;
    uint256 cash;
    uint256 reserved;
    uint256 utilization;
    /// @dev Value of one whole pool share [token].
    uint256 sharePriceToken;
    uint256 maxOpenInterest;
    uint256 latestTermsId;
    /// @dev First second in which positions may open and grow [s].
    uint64 increasesStoppedUntil;
    DeadOracleNotice deadOracleNotice;
}

/// @dev An item of a batch: one that fails cannot break the others.
struct MarketItem {
    bool readable;
    MarketSnapshot snapshot;
}

/// @title IMarketLens
/// @notice Batched reads for keepers, command line and page. Holds nothing; the core never calls it.
interface IMarketLens {
    /// @notice Health of positions at a price of the caller's choice. Closed ones come back with a size of zero.
    ///
    /// @param marginVault The market's MarginVault.
    /// @param positionIds The positions.
    /// @param price Index price [WAD quote per base].
    /// @return items One for each id, in order.
    function healthAt(
        address marginVault,
        uint256[] calldata positionIds,
        uint256 price
    ) external view returns (PositionHealth[] memory items);

    /// @notice What liquidating a position at `price` would do, number by number.
    ///
    /// @dev As if now: with what has accrued, and with what the owner's wallet holds and allows. Assumes that the token pays.
    ///
    /// @param marginVault The market's MarginVault.
    /// @param positionId The position.
    /// @param price Index price [WAD quote per base].
    function explain(address marginVault, uint256 positionId, uint256 price) external view returns (Explanation memory);

    /// @notice As {healthAt} at the oracle's newest price. Reverts when the oracle refuses.
    function health(
        address marginVault,
        uint256[] calldata positionIds
    ) external view returns (PositionHealth[] memory items, uint256 price, uint64 observedAt);

    /// @notice One market, read at the present time.
    function snapshot(MarketAddresses calldata addresses) external view returns (MarketSnapshot memory);

    /// @notice Markets `first` to `first + count − 1` of a factory, each with a bounded amount of gas.
    ///
    /// @param factory The factory.
    /// @param first Number of the first market, from 1.
    /// @param count How many at most.
    /// @return items One for each market there is; `readable` is false where a market's contracts failed.
    function snapshots(address factory, uint256 first, uint256 count) external view returns (MarketItem[] memory items);
}
